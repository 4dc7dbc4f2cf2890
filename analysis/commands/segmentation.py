"""``python -m analysis segmentation``: table 4 of the paper on any labelled set of photographs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from analysis.evaluations.grouping import Entry
from analysis.evaluations.segmentation import Segmentation
from analysis.evaluations.segmentation_summary import summarise
from analysis.runs import Run
from analysis.saliency import MapKey
from vars_core.data.layouts import MASKS, choose, described
from vars_core.data.mask_set import MaskSet
from vars_core.data.mask_values import CHOICES, MaskValues
from vars_core.data.notes import described as described_notes
from vars_core.errors import InputError
from vars_core.image_size import size_text

if TYPE_CHECKING:
    from vars_core.backend import Backend


def segmentation(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The run's folder; an interrupted run there is continued.")],
    model: Annotated[
        list[str] | None, typer.Option(help="Model spec, e.g. rvt_nano/vars_d; repeatable. None: baselines alone.")
    ] = None,
    checkpoint: CheckpointOption = None,
    image_size: ImageSizeOption = None,
    layout: Annotated[
        str | None, typer.Option(help=f"{described(MASKS)}. None: the one that the folder looks like.")
    ] = None,
    mask_values: Annotated[
        str | None,
        typer.Option(help=f"What the masks' numbers mean: {CHOICES}. None: judged from the masks, and said."),
    ] = None,
    split: Annotated[str | None, typer.Option(help="VOC: the list to read; val by default.")] = None,
    layer: LayerOption = None,
    readout: ReadoutOption = None,
    iteration: IterationOption = "last",
    threshold: Annotated[float, typer.Option(help="Foreground where the normalised map reaches it.")] = 0.3,
    heads: Annotated[bool, typer.Option(help="Also score the best head of each map (an oracle).")] = False,
    limit: LimitOption = None,
    batch_size: BatchSizeOption = 8,
    workers: Annotated[int, typer.Option(min=1, help="Threads that decode, and that count.")] = 2,
    device: DeviceOption = "auto",
) -> None:
    """Score maps as class-agnostic masks: IoU, false positives, false negatives, beside two baselines.

    Exit status: 0; 2 for bad input, before any model is loaded; 3 when some images could not be scored.
    """
    size = parse_image_size(image_size)
    requests = parse_models(model or [], checkpoint or [], size)
    if not 0 <= threshold <= 1:
        raise InputError(f"expected a --threshold between 0 and 1, got {threshold}")
    step = parse_iteration(iteration)
    chosen = choose(layout, data, MASKS)
    asked = None if mask_values is None else MaskValues.parse(mask_values)
    found: MaskSet = chosen.read(data, split=split, values=asked)
    for note in found.notes:
        typer.echo(note.sentence(), err=note.fault)
    for sentence in found.assumptions:
        typer.echo(f"assumed: {sentence}")
    found = replace(found, pairs=found.pairs[:limit])
    samples = found.pairs
    settings = {
        "evaluation": "segmentation",
        "layout": chosen.name,
        "split": found.split,
        "mask_values": found.values.name,
        "models": [request.spec for request in requests],
        "image_size": None if size is None else size_text(size),
        "layers": layer or ["default"],
        "readouts": readout or ["default"],
        "iteration": iteration,
        "threshold": threshold,
        "heads": heads,
        "limit": limit,
        "batch_size": batch_size,
        "device": device,
    }
    run = Run.open(out, settings, data={"folder": str(data.resolve()), **found.described()})
    run.record("assumptions", list(found.assumptions))
    run.record("notes", described_notes(found.notes))
    backends = load_backends(for_maps(requests), device)
    readings = choose_readings(backends, layer, readout)
    confirm_models(run, backends, readings)
    evaluation = Segmentation(found, readings, threshold=threshold, per_head=heads, workers=workers)
    check_iteration(backends, step)
    started = time.perf_counter()
    scored = evaluate(evaluation, backends, run, batch_size=batch_size, workers=workers, on_part=show_progress)
    seconds = time.perf_counter() - started
    summary = summarise(run)
    run.write_summary(summary)
    keys = headline_keys(backends, readings, step, summary)
    _write_report(run, evaluation, backends, summary, keys)
    _print_table(summary, keys)
    errors = len(run.rows(["error"])) - run.rows(["error"])["error"].null_count
    typer.echo(f"{scored} images scored now in {seconds:.1f} s ({scored / seconds:.2f} images/s); peak {peak_memory()}")
    typer.echo(f"{run.folder / 'summary.json'}, {run.folder / 'report.html'}")
    if errors:
        typer.echo(f"{errors} of {len(samples)} images could not be scored: see the report", err=True)
        if errors == len(samples):
            typer.echo(f"the first of them: {run.rows(['error'])['error'].drop_null()[0].as_py()}", err=True)
        raise typer.Exit(EXIT_WITH_ERROR_ROWS)


def _write_report(
    run: Run,
    evaluation: Segmentation,
    backends: Sequence[Backend],
    summary: Sequence[Entry],
    keys: Mapping[str, MapKey],
) -> None:
    from analysis.evaluations.segmentation_report import build_report

    run.write_text("report.html", build_report(run, evaluation, backends, summary, keys))


def _print_table(summary: Sequence[Entry], keys: Mapping[str, MapKey]) -> None:
    metrics = ("iou_pooled", "iou_image_mean", "fp", "fn", "iou_best_threshold")
    typer.echo(f"{'model':<44}" + "".join(f"{metric:>20}" for metric in metrics))
    for title, values in headline_lines(summary, keys).items():
        typer.echo(f"{title:<44}" + "".join(f"{values[metric]:>20.4f}" for metric in metrics))
