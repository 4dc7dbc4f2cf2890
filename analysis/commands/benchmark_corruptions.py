"""``python -m analysis benchmark-corruptions``: time of each corruption, beside plain code and by image size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from analysis.benchmark import interleaved, processor
from analysis.corruptions import NAMES, SEVERITIES, corrupt
from analysis.markdown import table

SIDE = 224
SIDES = (224, 500, 1000, 2000)
BUDGET_MS = 100


def benchmark_corruptions(
    repeats: Annotated[int, typer.Option(min=1, help="Times each is run; the fastest counts.")] = 5,
    image: Annotated[
        Path | None, typer.Option(help="Photograph to corrupt; scikit-image's astronaut by default.")
    ] = None,
    side: Annotated[int, typer.Option(min=32, help="Side of the image in the first table, in pixels.")] = SIDE,
    scaling: Annotated[bool, typer.Option(help="Also measure time against image size, up to 4 megapixels.")] = True,
) -> None:
    """Print tables in Markdown: time of each corruption on one core, at 224 px and by image size.

    Times are processor time of one thread. What is compared is run in turns, and the fastest run counts, so that other
    work on the machine disturbs all alike.
    """
    picture = photograph(image)
    with one_thread():
        typer.echo(f"{processor()}; one core; NumPy {np.__version__}, OpenCV {cv2.__version__}.\n")
        corrupt(square(picture, SIDES[-1]), "fog", 1, "benchmark")  # from here on memory that was let go is taken again
        typer.echo("\n".join(speed(square(picture, side), repeats)))
        if scaling:
            typer.echo("\n".join(["", *by_size(picture, repeats)]))


def speed(image: np.ndarray, repeats: int) -> Iterator[str]:
    """The table of milliseconds on one image: mean and worst over severities, and a plain form's mean."""
    from analysis.corruptions.reference import REFERENCES, reference

    rows, total, worst_total = [], 0.0, 0.0
    for name in NAMES:
        ours = [partial(corrupt, image, name, severity, "benchmark") for severity in SEVERITIES]
        rng = np.random.default_rng(0)
        plain = [partial(reference, image, name, severity, rng) for severity in SEVERITIES if name in REFERENCES]
        times = [1000 * seconds for seconds in fastest([*ours, *plain], repeats)]
        mean, worst, theirs = float(np.mean(times[: len(ours)])), max(times[: len(ours)]), times[len(ours) :]
        total, worst_total = total + mean, worst_total + worst
        beside = (f"{np.mean(theirs):.1f}", f"{np.mean(theirs) / mean:.0f}×") if theirs else ("—", "—")
        rows.append((name, f"{mean:.2f}", f"{worst:.2f}", *beside))
    verdict = f"{'within' if worst_total <= BUDGET_MS else 'above'} {BUDGET_MS} ms"
    rows.append((f"**all {len(NAMES)}**", f"**{total:.1f}**", f"**{worst_total:.1f}**", "", verdict))
    pixels = f"{image.shape[1]}×{image.shape[0]} px"
    yield from table((pixels, "ms, mean of severities", "ms, slowest", "plain form, ms", "ratio"), rows)


def by_size(picture: np.ndarray, repeats: int) -> Iterator[str]:
    """The table of nanoseconds a pixel at severity 3: where it does not rise, time is linear in pixels or better."""
    images, rows = [square(picture, side) for side in SIDES], []
    for name in NAMES:
        seconds = fastest([partial(corrupt, image, name, 3, "benchmark") for image in images], repeats)
        per_pixel = [1e9 * value / side**2 for value, side in zip(seconds, SIDES, strict=True)]
        rows.append((name, *(f"{value:.1f}" for value in per_pixel), f"{per_pixel[-1] / per_pixel[0]:.2f}"))
    yield from table(("ns per pixel, severity 3", *(f"{side}²" for side in SIDES), "last ÷ first"), rows)


def fastest(calls: Sequence[Callable[[], object]], repeats: int) -> list[float]:
    """The least processor seconds of each call over ``repeats`` rounds, in turns."""
    seconds = interleaved({str(index): call for index, call in enumerate(calls)}, repeats, time.thread_time)
    return [min(rounds) for rounds in seconds.values()]


def photograph(file: Path | None) -> np.ndarray:
    """uint8 (H, W, 3): the file's picture, or one that comes with scikit-image."""
    if file is None:
        from skimage import data

        return np.asarray(data.astronaut())
    from vars_core.images import decode_image

    return decode_image(file)


def square(picture: np.ndarray, side: int) -> np.ndarray:
    """The picture squeezed into a square of ``side`` pixels."""
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA))


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenCV on the calling thread alone."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
