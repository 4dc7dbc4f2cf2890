"""``python -m analysis faithfulness``: do maps point at the pixels that the model's answer hangs on?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.commands.evaluating import (
    BatchSizeOption,
    CheckpointOption,
    DeviceOption,
    ImageSizeOption,
    LayerOption,
    LimitOption,
    ReadoutOption,
)
from analysis.commands.options import choose_layers, choose_readouts, load_backends, parse_image_size, parse_models
from analysis.evaluations.frame import Plan, run_evaluation
from analysis.metrics.faithfulness import STEPS
from analysis.saliency import Reading
from vars_core.data.notes import Note, described, left_out, notes_of
from vars_core.image_size import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.evaluations.faithfulness import FaithfulnessEvaluation
    from vars_core.backend import Backend


def faithfulness(
    model: Annotated[list[str], typer.Option(help="Model spec, e.g. rvt_nano/vars_d; repeatable.")],
    data: Annotated[Path, typer.Option(help="Folder of pictures at any depth, or with val*.parquet and classes.csv.")],
    out: Annotated[Path, typer.Option(help="The run's folder; an interrupted run there is continued.")],
    checkpoint: CheckpointOption = None,
    image_size: ImageSizeOption = None,
    layer: LayerOption = None,
    readout: ReadoutOption = None,
    limit: LimitOption = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of a curve.")] = STEPS,
    seed: Annotated[int, typer.Option(help="Seed of the random maps.")] = 0,
    batch_size: BatchSizeOption = 8,
    device: DeviceOption = "auto",
) -> None:
    """Deletion and insertion of a model's maps at the last iterate, beside a random and a centred map.

    Pixels go in the order of the map: what happens to the probability of the class that the model gives the whole
    picture? Readouts: all unless some are named. With --limit, pictures from all over the data. Exit status: 0; 2 for
    bad input; 3 when some pictures could not be read.
    """
    size = parse_image_size(image_size)
    requests = parse_models(model, checkpoint or [], size)

    from analysis.corruptions.tree import find_images
    from analysis.evaluations.faithfulness import PictureToScore
    from analysis.evaluations.suites import CLEAN, open_suite, spread

    if any(data.glob("val*.parquet")):
        every = [PictureToScore(one.id, one.read) for one in open_suite(CLEAN, data).samples]
        notes: tuple[Note, ...] = ()
    else:
        listing = find_images(data)
        every = [PictureToScore(name, path.read_bytes) for name, path in listing.by_name().items()]
        notes = notes_of(left_out(listing.left_out))
    for note in notes:
        typer.echo(note.sentence(), err=True)
    samples = spread(every, limit)
    plan = Plan(
        kind="faithfulness",
        out=out,
        settings={
            "models": [request.name for request in requests],
            "image_size": None if size is None else size_text(size),
            "layers": layer or ["default"],
            "readouts": readout or ["all"],
            "steps": steps,
            "seed": seed,
            "limit": limit,
            "batch_size": batch_size,
            "device": device,
        },
        data={"folder": "/".join(data.resolve().parts[-2:]), "samples": len(samples), "of": len(every)},
        noted={"notes": described(notes)},
        load=lambda: load_backends(requests, device),
        what="pictures",
    )

    def make(backends: Sequence[Backend]) -> FaithfulnessEvaluation:
        from analysis.evaluations.faithfulness import FaithfulnessEvaluation

        readings = {
            one.name: Reading(choose_layers(one, layer or []), choose_readouts(one, readout or ["all"]))
            for one in backends
        }
        return FaithfulnessEvaluation(samples, readings, steps=steps, seed=seed)

    raise typer.Exit(run_evaluation(plan, make))
