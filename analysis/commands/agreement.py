"""``python -m analysis agreement``: do a model's maps hold under corruption?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.corrupt import parse_names, parse_severities
from analysis.commands.evaluating import AddressOption, EngineOption, ImageSizeOption, parse_engine
from analysis.commands.options import for_maps, load_backends, parse_image_size, parse_models
from analysis.evaluations.frame import Plan, run_evaluation
from vars_core.data.notes import described, left_out, notes_of
from vars_core.image_size import size_text


def agreement(
    model: Annotated[list[str], typer.Option(help="Model spec, e.g. rvt_nano/vars_d; repeatable.")],
    data: Annotated[Path, typer.Option(help="Folder of photographs, searched to any depth.")],
    out: Annotated[Path, typer.Option(help="The run's folder; an interrupted run there is continued.")],
    checkpoint: Annotated[list[str] | None, typer.Option(help="SPEC=FILE; repeatable.")] = None,
    image_size: ImageSizeOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N photographs, in the order of names.")] = 50,
    names: Annotated[
        list[str] | None, typer.Option(help="Corruptions, or test (default), validation, all; comma-separated.")
    ] = None,
    severities: Annotated[list[str] | None, typer.Option(help="1..5 (default: all five); comma-separated.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the corruptions.")] = 0,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures per forward pass.")] = 16,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "auto",
    engine: EngineOption = "local",
    address: AddressOption = None,
) -> None:
    """Correlation and SSIM of each corrupted picture's map with the clean one's, as a run and as a Markdown table.

    Photographs are first cropped to 224 px as ImageNet-C is, since its severities are meant for that size. Maps are
    those of the model's default layer and readout at its last iterate. Exit status: 0; 2 for bad input; 3 when some
    photographs could not be read.
    """
    size = parse_image_size(image_size)
    chosen_engine = parse_engine(engine, address, device)
    requests = parse_models(model, checkpoint or [], size)
    chosen, degrees = parse_names(names or ["test"]), parse_severities(severities or ["1,2,3,4,5"])

    from analysis.corruptions.tree import find_images
    from analysis.evaluations.agreement import AgreementEvaluation, PictureFile

    listing = find_images(data)
    files = listing.by_name()
    notes = notes_of(left_out(listing.left_out))
    for note in notes:
        typer.echo(note.sentence(), err=True)
    pictures = [PictureFile(image_id, path) for image_id, path in list(files.items())[:limit]]
    plan = Plan(
        kind="agreement",
        out=out,
        settings={
            "models": [request.name for request in requests],
            "image_size": None if size is None else size_text(size),
            "names": chosen,
            "severities": degrees,
            "seed": seed,
            "limit": limit,
            "batch_size": 1,  # photographs a part; each is a batch of corrupted pictures
            "pictures_at_once": batch_size,
            "device": device,
        },
        data={"folder": "/".join(data.resolve().parts[-2:]), "samples": len(pictures), "of": len(files)},
        noted={"notes": described(notes)},
        load=lambda: load_backends(for_maps(requests), chosen_engine.device),
        engine=chosen_engine,
        what="photographs",
    )
    evaluation = AgreementEvaluation(pictures, chosen, degrees, seed=seed, pictures_at_once=batch_size)
    raise typer.Exit(run_evaluation(plan, lambda backends: evaluation))
