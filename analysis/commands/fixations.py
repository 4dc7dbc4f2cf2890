"""``python -m analysis fixations``: table 5 of the paper on any fixation data, between its floors and its ceiling."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from analysis.commands.evaluating import (
    AddressOption,
    BatchSizeOption,
    CheckpointOption,
    DataOption,
    DeviceOption,
    EngineOption,
    ImageSizeOption,
    IterationOption,
    LayerOption,
    LimitOption,
    ReadoutOption,
    choose_headlines,
    choose_readings,
    parse_engine,
    parse_iteration,
)
from analysis.commands.options import for_maps, load_backends, parse_image_size, parse_models
from analysis.evaluations.fixation_summary import image_metrics
from analysis.evaluations.fixations import FixationEvaluation
from analysis.evaluations.frame import EXIT_WITH_ERROR_ROWS, Plan, run_evaluation
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
        str, typer.Option(help=f"Comma-separated, of {', '.join(image_metrics())}, or all; nss alone is fast.")
    ] = "all",
    blur: Annotated[str, typer.Option(help="Also score maps blurred by these σ in pixels, comma-separated.")] = "0",
    sigma: Annotated[float | None, typer.Option(help="Pixels of one degree of visual angle; 35, for osie 24.")] = None,
    limit: LimitOption = None,
    batch_size: BatchSizeOption = 8,
    workers: Annotated[int, typer.Option(min=1, help="Threads that decode.")] = 2,
    device: DeviceOption = "auto",
    engine: EngineOption = "local",
    address: AddressOption = None,
) -> None:
    """Score maps against eye fixations, beside the centre prior, a cross-validated centre bias and the human ceiling.

    Exit status: 0; 2 for bad input, before any model is loaded; 3 when some images or trials could not be read.
    """
    if out is None and extract is None:
        raise InputError("expected --out RUN, --extract FILE or both, got neither")
    size = parse_image_size(image_size)
    chosen_engine = parse_engine(engine, address, device, workers)
    requests = parse_models(model or [], checkpoint or [], size)
    chosen, blurs, step = parse_metrics(metrics), parse_blurs(blur), parse_iteration(iteration)
    chosen_layout = choose(layout, data, FIXATIONS)
    recorded: FixationSet = chosen_layout.read(data)
    drops = recorded.drops_first if drop_first is None else drop_first
    if drops:
        recorded = recorded.without_first()
    sizes, recorded = look_at_images(recorded)
    degree = recorded.sigma if sigma is None else sigma
    if not degree > 0:
        raise InputError(f"expected a --sigma above 0 pixels, got {sigma}")
    typer.echo(f"{len(recorded.stimuli)} of {recorded.listed} listed images, {recorded.count} fixations")
    for note in recorded.notes:
        typer.echo(note.sentence(), err=note.fault)
    for sentence in recorded.assumptions:
        typer.echo(f"assumed: {sentence}")
    faults = [note for note in recorded.notes if note.fault]
    if extract is not None:
        typer.echo(f"{write_table(recorded, extract)} fixations written to {extract}")
    if out is None:
        raise typer.Exit(EXIT_WITH_ERROR_ROWS if faults else 0)

    settings = {
        "layout": chosen_layout.name,
        "drop_first": drops,
        "sigma": degree,
        "models": [request.name for request in requests],
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
    plan = Plan(
        kind="fixations",
        out=out,
        settings=settings,
        data=_described(data, recorded),
        noted={"assumptions": list(recorded.assumptions)},
        load=lambda: load_backends(for_maps(requests), chosen_engine.device),
        engine=chosen_engine,
    )

    def make(backends: Sequence[Backend]) -> FixationEvaluation:
        readings = choose_readings(backends, layer, readout)
        headlines = choose_headlines(backends, readings, step)
        return FixationEvaluation(
            recorded, sizes, readings, headlines, metrics=chosen, sigma=degree, blurs=blurs, limit=limit
        )

    status = run_evaluation(plan, make)
    raise typer.Exit(EXIT_WITH_ERROR_ROWS if faults else status)


def parse_metrics(text: str) -> tuple[str, ...]:
    """Comma-separated names, in the order of the table, or "all"; NSS is always among them."""
    known = image_metrics()
    wanted = {"nss", *(name.strip() for name in text.split(",") if name.strip())}
    if "all" in wanted:
        return tuple(known)
    for name in wanted:
        if name not in known:
            hint = f"nearest: {nearest(name, known)}"
            raise InputError(f"expected --metrics of {', '.join(known)}, got {name!r} ({hint})")
    return tuple(name for name in known if name in wanted)


def parse_blurs(text: str) -> tuple[float, ...]:
    """Comma-separated σ in pixels, ascending; 0, the map as it is, is always among them."""
    try:
        values = {0.0, *(float(part) for part in text.split(",") if part.strip())}
    except ValueError:
        raise InputError(f"expected --blur as numbers with commas between them, got {text!r}") from None
    if not all(0 <= value < 1000 for value in values):
        raise InputError(f"expected every --blur between 0 and 1000 pixels, got {text!r}")
    return tuple(sorted(values))


def _described(data: Path, recorded: FixationSet) -> dict[str, Any]:
    digest = hashlib.sha256()
    for stimulus in recorded.stimuli:
        digest.update(f"{stimulus.id}\n".encode())
        for column in (stimulus.fixations.xs, stimulus.fixations.ys, stimulus.fixations.observers):
            digest.update(np.ascontiguousarray(column).tobytes())
    return {"folder": str(data.resolve()), **recorded.described(), "fixations_sha256": digest.hexdigest()}
