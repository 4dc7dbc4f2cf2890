"""``python -m analysis segmentation``: table 4 of the paper on any labelled set of photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from analysis.evaluations.frame import Plan, run_evaluation
from analysis.evaluations.segmentation import Segmentation
from vars_core.data.layouts import MASKS, choose, described
from vars_core.data.mask_set import MaskSet
from vars_core.data.mask_values import CHOICES, MaskValues
from vars_core.data.notes import described as described_notes
from vars_core.errors import check_range
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
    engine: EngineOption = "local",
    address: AddressOption = None,
) -> None:
    """Score maps as class-agnostic masks: IoU, false positives, false negatives, beside two baselines.

    Exit status: 0; 2 for bad input, before any model is loaded; 3 when some images could not be scored.
    """
    size = parse_image_size(image_size)
    chosen_engine = parse_engine(engine, address, device, workers)
    requests = parse_models(model or [], checkpoint or [], size)
    check_range("a --threshold", threshold, 0, 1)
    step = parse_iteration(iteration)
    chosen = choose(layout, data, MASKS)
    asked = None if mask_values is None else MaskValues.parse(mask_values)
    masks: MaskSet = chosen.read(data, split=split, values=asked)
    for note in masks.notes:
        typer.echo(note.sentence(), err=note.fault)
    for sentence in masks.assumptions:
        typer.echo(f"assumed: {sentence}")
    masks = replace(masks, pairs=masks.pairs[:limit])
    settings = {
        "layout": chosen.name,
        "split": masks.split,
        "mask_values": masks.values.name,
        "models": [request.name for request in requests],
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
    plan = Plan(
        kind="segmentation",
        out=out,
        settings=settings,
        data={"folder": str(data.resolve()), **masks.described()},
        noted={
            "assumptions": list(masks.assumptions),
            "notes": described_notes(masks.notes),
            "mask_values_asked": asked is not None,
        },
        load=lambda: load_backends(for_maps(requests), chosen_engine.device),
        engine=chosen_engine,
    )

    def make(backends: Sequence[Backend]) -> Segmentation:
        readings = choose_readings(backends, layer, readout)
        headlines = choose_headlines(backends, readings, step)
        return Segmentation(masks, readings, headlines, threshold=threshold, per_head=heads, workers=workers)

    raise typer.Exit(run_evaluation(plan, make))
