"""How the cost of an image grows: ``python -m tools.growth --data VOC --out FOLDER``.

Segmentation runs over more and more images (a process each, so that its peak of memory is its own), at growing image
sizes, with growing T and with more models. Prints the table and writes it, with a plot, to ``growth.md`` and
``growth.svg``. Times are processor time: other work on the machine disturbs them little.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from analysis.benchmark import processor
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.marks import SOFT, Dot, Polyline, Text

MODELS = ("rvt_nano/vars_d", "rvt_nano/self", "rvt_nano/performer", "rvt_nano/vars_sd", "rvt_nano/vars_s")


@dataclass(frozen=True)
class Load:
    """What a run does: ``models`` are the first of :data:`MODELS`, ``size`` in pixels, ``steps`` T."""

    images: int = 16
    size: int = 224
    steps: int = 3
    models: int = 1


SERIES: dict[str, tuple[str, tuple[int, ...]]] = {
    "images": ("images", (8, 32, 96)),
    "size": ("side of the input, px", (56, 112, 224, 336)),
    "steps": ("iterations T", (0, 1, 3, 7)),
    "models": ("models", (1, 2, 3, 5)),
}
"""Field of a load → its name on the axis, its values; the others stay as they are."""


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time an image, and the peak of memory in MB of the process."""

    seconds: float
    megabytes: float


def main(
    data: Annotated[Path, typer.Option(help="Photographs with masks, in the layout of PASCAL VOC.")],
    out: Annotated[Path, typer.Option(help="Folder of growth.md and growth.svg.")],
    one: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure, print a Markdown table, write it and a plot."""
    if one is not None:
        cost = measured(data, Load(*map(int, one.split(","))))
        print(cost.seconds, cost.megabytes)
        return
    series = {name: [(value, in_own_process(data, load)) for value, load in loads(name)] for name in SERIES}
    lines = list(table(series))
    print("\n".join(lines))
    out.mkdir(parents=True, exist_ok=True)
    (out / "growth.md").write_text("\n".join(lines) + "\n")
    plot({name: [(value, cost.seconds) for value, cost in costs] for name, costs in series.items()}).save(
        out / "growth.svg"
    )


def loads(name: str) -> Iterator[tuple[int, Load]]:
    """A series: its values and what is run for each."""
    for value in SERIES[name][1]:
        yield value, replace(Load(), **{name: value})


def in_own_process(data: Path, load: Load) -> Cost:
    """The cost of a load in a fresh process."""
    numbers = ",".join(map(str, vars(load).values()))
    command = [sys.executable, "-m", "tools.growth", "--data", str(data), "--out", "-", "--one", numbers]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, megabytes = map(float, done.stdout.split()[-2:])
    return Cost(seconds, megabytes)


def measured(data: Path, load: Load) -> Cost:
    """A segmentation run of its own, the models loaded and warm before the clock starts."""
    import torch

    from analysis.engine import Local, evaluate
    from analysis.evaluations.segmentation import Segmentation
    from analysis.runs import Run
    from analysis.saliency import Reading
    from vars_core.backend import Backend
    from vars_core.data.mask_values import MaskValues
    from vars_core.data.voc import read_voc
    from vars_core.weights import load_model

    backends = [
        Backend(load_model(spec, image_size=load.size, num_steps=load.steps), device="cpu")
        for spec in MODELS[: load.models]
    ]
    readings = {one.name: Reading(("0.3",), ("energy",)) for one in backends}
    masks = read_voc(data, values=MaskValues.parse("voc"))
    masks = replace(masks, pairs=masks.pairs[: load.images])
    evaluation = Segmentation(masks, readings, threshold=0.3)
    for backend in backends:
        backend.trace(torch.zeros(1, 3, load.size, load.size), ("energy",), ("0.3",))
    with tempfile.TemporaryDirectory() as folder:
        run = Run.open(Path(folder), {"batch_size": 8})
        started = time.process_time()
        evaluate(evaluation, backends, run, Local(workers=1), batch_size=8)
        seconds = (time.process_time() - started) / len(masks.pairs)
    return Cost(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def table(series: dict[str, list[tuple[int, Cost]]]) -> Iterator[str]:
    """Markdown."""
    yield f"{processor()}; processor time of one image in ms; one thread a model; otherwise {Load()}.\n"
    yield "| what grows | value | ms an image | peak MB |\n|---|---:|---:|---:|"
    for name, costs in series.items():
        for value, cost in costs:
            yield f"| {SERIES[name][0]} | {value} | {1000 * cost.seconds:.0f} | {cost.megabytes:.0f} |"


def plot(series: dict[str, list[tuple[int, float]]]) -> Canvas:
    """A panel a series, all on one scale of milliseconds."""
    width, height, left, top = 230.0, 190.0, 56.0, 34.0
    canvas = Canvas(left + len(series) * width, top + height + 50, "How the cost of an image grows")
    most = max(seconds for points in series.values() for _, seconds in points)
    canvas.add(Text("processor time an image, ms", 8, 14, size=12, colour=SOFT))
    for number, (name, points) in enumerate(series.items()):
        x0 = left + number * width
        at = [
            (x0 + (width - 50) * value / points[-1][0], top + height * (1 - seconds / most))
            for value, seconds in points
        ]
        canvas.add(Polyline([(x0, top), (x0, top + height), (x0 + width - 44, top + height)], colour=SOFT, width=1))
        canvas.add(
            Polyline(at), *(Dot(x, y, 3, title=f"{1000 * s:.0f} ms") for (x, y), (_, s) in zip(at, points, strict=True))
        )
        canvas.add(*ticks(at, points, top + height))
        canvas.add(Text(SERIES[name][0], x0 + (width - 50) / 2, top + height + 34, anchor="middle"))
        canvas.add(Text("0", x0 - 6, top + height, size=10, anchor="end", colour=SOFT))
        canvas.add(Text(f"{1000 * most:.0f}", x0 - 6, top, size=10, anchor="end", colour=SOFT))
    return canvas


def ticks(at: Sequence[tuple[float, float]], points: Sequence[tuple[int, float]], bottom: float) -> Iterator[Text]:
    """The values under their points."""
    for (x, _), (value, _) in zip(at, points, strict=True):
        yield Text(str(value), x, bottom + 12, size=10, anchor="middle", colour=SOFT)


if __name__ == "__main__":
    typer.run(main)
