"""``python -m analysis fixations``: table 5 of the paper on any fixation data, between its floors and its ceiling."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import typer

from analysis.commands.evaluating import (
    EXIT_WITH_ERROR_ROWS,
    BatchSizeOption,
    CheckpointOption,
    DataOption,
    DeviceOption,
    ImageSizeOption,
    IterationOption,
    LayerOption,
    LimitOption,
    ReadoutOption,
    check_iteration,
    choose_readings,
    confirm_models,
    headline_keys,
    headline_lines,
    parse_iteration,
    peak_memory,
    show_progress,
)
from analysis.commands.options import for_maps, load_backends, parse_image_size, parse_models
from analysis.engine import evaluate
from analysis.evaluations.fixation_scoring import METRICS
from analysis.evaluations.fixation_summary import summarise
from analysis.evaluations.fixations import FixationEvaluation
from analysis.evaluations.grouping import Entry
from analysis.runs import Run
from analysis.saliency import MapKey
from vars_core.data.fixation_table import read_fixation_folder, write_table
from vars_core.data.fixations import FixationSet, Note, image_size
from vars_core.data.mit1003 import read_mit1003
from vars_core.data.osie import read_osie
from vars_core.errors import InputError, nearest
from vars_core.image_size import size_text

if TYPE_CHECKING:
    from vars_core.backend import Backend

READERS: Mapping[str, Callable[[Path], FixationSet]] = {
    "mit1003": read_mit1003,
    "osie": read_osie,
    "table": read_fixation_folder,
}


def fixations(
    data: DataOption,
    layout: Annotated[
        Literal["mit1003", "osie", "table"],
        typer.Option(help="MIT1003 as distributed, OSIE, or stimuli/ with fixations.csv or .parquet."),
    ],
    out: Annotated[Path | None, typer.Option(help="The run's folder; an interrupted run there is continued.")] = None,
    extract: Annotated[
        Path | None, typer.Option(help="Write the fixations found as a table (.csv or .parquet).")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Model spec, e.g. rvt_nano/vars_d; repeatable. None: baselines and humans alone."),
    ] = None,
    checkpoint: CheckpointOption = None,
    image_size: ImageSizeOption = None,
    drop_first: Annotated[
        bool | None,
        typer.Option("--drop-first/--keep-first", help="Each observer's first fixation; dropped for mit1003 alone."),
    ] = None,
    layer: LayerOption = None,
    readout: ReadoutOption = None,
    iteration: IterationOption = "last",
    metrics: Annotated[
        str, typer.Option(help=f"Comma-separated, of {', '.join(METRICS)}; nss alone is fast.")
    ] = ",".join(METRICS),
    blur: Annotated[str, typer.Option(help="Also score maps blurred by these σ in pixels, comma-separated.")] = "0",
    sigma: Annotated[float | None, typer.Option(help="Pixels of one degree of visual angle; 35, for osie 24.")] = None,
    limit: LimitOption = None,
    batch_size: BatchSizeOption = 8,
    workers: Annotated[int, typer.Option(min=1, help="Threads that decode.")] = 2,
    device: DeviceOption = "auto",
) -> None:
    """Score maps against eye fixations, beside the centre prior, a cross-validated centre bias and the human ceiling.

    Exit status: 0; 2 for bad input, before any model is loaded; 3 when some images or trials could not be read.
    """
    if out is None and extract is None:
        raise InputError("expected --out RUN, --extract FILE or both, got neither")
    size = parse_image_size(image_size)
    requests = parse_models(model or [], checkpoint or [], size)
    chosen, blurs, step = parse_metrics(metrics), parse_blurs(blur), parse_iteration(iteration)
    found = READERS[layout](data)
    drops = found.drops_first if drop_first is None else drop_first
    if drops:
        found = found.without_first()
    sizes, found = look_at_images(found)
    degree = found.sigma if sigma is None else sigma
    if not degree > 0:
        raise InputError(f"expected a --sigma above 0 pixels, got {sigma}")
    typer.echo(f"{len(found.stimuli)} of {found.listed} listed images, {found.count} fixations")
    for note in found.notes:
        typer.echo(note.sentence(), err=note.fault)
    faults = [note for note in found.notes if note.fault]
    if extract is not None:
        typer.echo(f"{write_table(found, extract)} fixations written to {extract}")
    if out is None:
        raise typer.Exit(EXIT_WITH_ERROR_ROWS if faults else 0)

    settings = {
        "evaluation": "fixations",
        "layout": layout,
        "drop_first": drops,
        "sigma": degree,
        "models": [request.spec for request in requests],
        "image_size": None if size is None else size_text(size),
        "layers": layer or ["default"],
        "readouts": readout or ["default"],
        "iteration": iteration,
        "metrics": chosen,
        "blurs": blurs,
        "limit": limit,
        "batch_size": batch_size,
        "device": device,
    }
    run = Run.open(out, settings, data=_described(data, found))
    backends = load_backends(for_maps(requests), device)
    readings = choose_readings(backends, layer, readout)
    confirm_models(run, backends, readings)
    check_iteration(backends, step)
    evaluation = FixationEvaluation(found, sizes, readings, metrics=chosen, sigma=degree, blurs=blurs, limit=limit)
    started = time.perf_counter()
    scored = evaluate(evaluation, backends, run, batch_size=batch_size, workers=workers, on_part=show_progress)
    seconds = time.perf_counter() - started
    summary = summarise(run)
    run.write_summary(summary)
    keys = headline_keys(backends, readings, step, summary)
    _write_report(run, evaluation, backends, summary, keys)
    _print_table(summary, keys)
    _print_counts(run)
    typer.echo(
        f"{scored} images visited now in {seconds:.1f} s ({scored / seconds:.2f} images/s); peak {peak_memory()}"
    )
    typer.echo(f"{run.folder / 'summary.json'}, {run.folder / 'report.html'}")
    errors = run.rows(["error"])["error"]
    failed = len(errors) - errors.null_count
    if failed:
        typer.echo(f"{failed} of {len(evaluation.samples)} images could not be scored: see the report", err=True)
    if failed or faults:
        raise typer.Exit(EXIT_WITH_ERROR_ROWS)


def parse_metrics(text: str) -> tuple[str, ...]:
    """Comma-separated names in SPEC's order; NSS is always among them."""
    wanted = {"nss", *(name.strip() for name in text.split(",") if name.strip())}
    for name in wanted:
        if name not in METRICS:
            raise InputError(
                f"expected --metrics of {', '.join(METRICS)}, got {name!r} (nearest: {nearest(name, METRICS)})"
            )
    return tuple(name for name in METRICS if name in wanted)


def parse_blurs(text: str) -> tuple[float, ...]:
    """Comma-separated σ in pixels, ascending; 0, the map as it is, is always among them."""
    try:
        values = {0.0, *(float(part) for part in text.split(",") if part.strip())}
    except ValueError:
        raise InputError(f"expected --blur as numbers with commas between them, got {text!r}") from None
    if not all(0 <= value < 1000 for value in values):
        raise InputError(f"expected every --blur between 0 and 1000 pixels, got {text!r}")
    return tuple(sorted(values))


def look_at_images(found: FixationSet) -> tuple[dict[str, tuple[int, int]], FixationSet]:
    """(height, width) of every readable image, and the data set with notes on fixations that cannot be used.

    Raises:
        InputError: not one fixation lies inside its image, or all lie within its first pixel: another unit.
    """
    sizes: dict[str, tuple[int, int]] = {}
    unreadable: list[str] = []
    outside: dict[str, int] = {}
    not_numbers: dict[str, int] = {}
    unseen: list[str] = []
    inside = 0
    for stimulus in found.stimuli:
        points = stimulus.fixations
        if number := int((np.isnan(points.xs) | np.isnan(points.ys)).sum()):
            not_numbers[stimulus.id] = number
        try:
            sizes[stimulus.id] = image_size(stimulus.path)
        except InputError:
            unreadable.append(stimulus.id)
            continue
        kept = int(points.in_frame(*sizes[stimulus.id]).sum())
        inside += kept
        if number := len(points) - kept - not_numbers.get(stimulus.id, 0):
            outside[stimulus.id] = number
        if not kept:
            unseen.append(stimulus.id)
    if found.count and sizes:
        _check_unit(found, sizes, inside)
    notes = [
        Note(f"{sum(outside.values())} fixations dropped outside their image; images", _counted(outside)),
        Note(f"{sum(not_numbers.values())} fixations dropped without a number; images", _counted(not_numbers)),
        Note("images skipped without a fixation inside them", tuple(unseen)),
        Note("images that cannot be read", tuple(unreadable), fault=True),
    ]
    return sizes, replace(found, notes=(*found.notes, *(note for note in notes if note.names)))


def _check_unit(found: FixationSet, sizes: Mapping[str, tuple[int, int]], inside: int) -> None:
    xs = np.concatenate([stimulus.fixations.xs for stimulus in found.stimuli])
    ys = np.concatenate([stimulus.fixations.ys for stimulus in found.stimuli])
    xs, ys = xs[np.isfinite(xs)], ys[np.isfinite(ys)]
    if not len(xs) or not len(ys):
        raise InputError(f"expected numbers in x and y, not one of the {found.count} fixations has both")
    seen = f"x lies between {xs.min():g} and {xs.max():g}, y between {ys.min():g} and {ys.max():g}"
    height, width = next(iter(sizes.values()))
    if not inside:
        raise InputError(
            f"expected fixations in pixels of images of {width}×{height}, not one lies inside its image: {seen}"
        )
    if max(np.abs(xs).max(), np.abs(ys).max()) <= 1.0:
        raise InputError(f"expected fixations in pixels of images of {width}×{height}, got fractions: {seen}")


def _counted(numbers: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"{name} ×{number}" for name, number in numbers.items())


def _described(data: Path, found: FixationSet) -> dict[str, Any]:
    digest = hashlib.sha256()
    for stimulus in found.stimuli:
        digest.update(f"{stimulus.id}\n".encode())
        for column in (stimulus.fixations.xs, stimulus.fixations.ys, stimulus.fixations.observers):
            digest.update(np.ascontiguousarray(column).tobytes())
    return {"folder": str(data.resolve()), **found.described(), "fixations_sha256": digest.hexdigest()}


def _write_report(
    run: Run,
    evaluation: FixationEvaluation,
    backends: Sequence[Backend],
    summary: Sequence[Entry],
    keys: Mapping[str, MapKey],
) -> None:
    from analysis.evaluations.fixation_report import build_report

    run.write_text("report.html", build_report(run, evaluation, backends, summary, keys))


def _print_table(summary: Sequence[Entry], keys: Mapping[str, MapKey]) -> None:
    lines = headline_lines(summary, keys)
    shown = list(dict.fromkeys(metric for values in lines.values() for metric in values))
    typer.echo(f"{'model':<44}" + "".join(f"{metric:>{max(12, len(metric) + 2)}}" for metric in shown))
    for title, values in lines.items():
        cells = (f"{values[m]:.6f}" if m in values else "–" for m in shown)
        widths = (max(12, len(metric) + 2) for metric in shown)
        typer.echo(f"{title:<44}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)))


def _print_counts(run: Run) -> None:
    """From the rows: each image once, whatever models it was scored with."""
    table = run.rows(["position", "fixations", "outside", "not_numbers", "error"])
    first = {row["position"]: row for row in table.to_pylist() if row["error"] is None}
    sums = {name: sum(row[name] for row in first.values()) for name in ("fixations", "outside", "not_numbers")}
    scored = sum(row["fixations"] > 0 for row in first.values())
    typer.echo(
        f"{scored} images scored with {sums['fixations']} fixations; {len(first) - scored} images skipped without any; "
        f"{sums['outside']} fixations outside their image and {sums['not_numbers']} without a number dropped"
    )
