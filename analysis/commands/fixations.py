"""``python -m analysis fixations``: table 5 of the paper on any fixation data, between its floors and its ceiling."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from vars_core.data.coordinates import look_at_images
from vars_core.data.fixation_table import write_table
from vars_core.data.fixations import FixationSet
from vars_core.data.layouts import FIXATIONS, choose, described
from vars_core.errors import InputError, nearest
from vars_core.image_size import size_text

if TYPE_CHECKING:
    from vars_core.backend import Backend


def fixations(
    data: DataOption,
    layout: Annotated[
        str | None, typer.Option(help=f"{described(FIXATIONS)}. None: the one that the folder looks like.")
    ] = None,
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
    chosen_layout = choose(layout, data, FIXATIONS)
    found: FixationSet = chosen_layout.read(data)
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
    for sentence in found.assumptions:
        typer.echo(f"assumed: {sentence}")
    faults = [note for note in found.notes if note.fault]
    if extract is not None:
        typer.echo(f"{write_table(found, extract)} fixations written to {extract}")
    if out is None:
        raise typer.Exit(EXIT_WITH_ERROR_ROWS if faults else 0)

    settings = {
        "evaluation": "fixations",
        "layout": chosen_layout.name,
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
    run.record("assumptions", list(found.assumptions))
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
        if failed == len(evaluation.samples):
            typer.echo(f"the first of them: {errors.drop_null()[0].as_py()}", err=True)
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
        f"on these images {sums['outside']} fixations outside and {sums['not_numbers']} without a number dropped"
    )
