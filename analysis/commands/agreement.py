"""``python -m analysis agreement``: do a model's maps hold under corruption?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from analysis.commands.corrupt import EXIT_WITH_UNREADABLE, parse_names, parse_severities
from analysis.commands.evaluating import ImageSizeOption
from analysis.commands.options import for_maps, load_backends, parse_image_size, parse_models
from analysis.runs import command_line, versions
from vars_core.data.notes import left_out, notes_of
from vars_core.errors import InputError
from vars_core.image_size import size_text


def agreement(
    model: Annotated[list[str], typer.Option(help="Model spec, e.g. rvt_nano/vars_d; repeatable.")],
    data: Annotated[Path, typer.Option(help="Folder of photographs, searched to any depth.")],
    out: Annotated[Path, typer.Option(help="Parquet file for the rows; replaced when there is one.")],
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
) -> None:
    """Correlation and SSIM of each corrupted picture's map with the clean one's, as rows and as a Markdown table.

    Photographs are first cropped to 224 px as ImageNet-C is, since its severities are meant for that size. Maps are
    those of the model's default layer and readout at its last iterate. Exit status: 0; 2 for bad input; 3 when some
    photographs could not be read.
    """
    requests = parse_models(model, checkpoint or [], parse_image_size(image_size))
    chosen, degrees = parse_names(names or ["test"]), parse_severities(severities or ["1,2,3,4,5"])
    if not out.parent.is_dir() or out.is_dir():
        raise InputError(f"expected --out FILE in a folder that is there, got '{out}'")

    from analysis.corruptions.tree import crop, find_images
    from analysis.evaluations.agreement import agreement_rows, summary, write_rows
    from vars_core.images import decode_image

    listing = find_images(data)
    found = listing.by_name()
    for note in notes_of(left_out(listing.left_out)):
        typer.echo(note.sentence())
    images = dict(list(found.items())[:limit])
    backends = load_backends(for_maps(requests), device)
    rows, unreadable = [], []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        for image_id, file in progress.track(images.items(), description="photographs"):
            try:
                image = crop(decode_image(file))
            except InputError as error:
                unreadable.append(f"{file}: {error}")
                continue
            rows += agreement_rows(backends, image, image_id, chosen, degrees, seed=seed, batch_size=batch_size)
    if not rows:
        raise InputError(
            f"expected readable photographs in '{data}', none of {len(images)} could be read; "
            f"the first: {unreadable[0]}"
        )
    used, title = len(images) - len(unreadable), "/".join(data.resolve().parts[-2:])
    facts = {
        "command": command_line(),
        "data": {"folder": title, "photographs": used, "of": len(found)},
        "checkpoints": {backend.name: backend.checkpoint_hash for backend in backends},
        "image_sizes": {backend.name: backend.image_size for backend in backends},
        "seed": seed,
        "versions": versions(),
    }
    table = write_rows(rows, facts, out)
    typer.echo(f"Correlation / SSIM with the clean map; {used} photographs of {title}, seed {seed}.\n")
    for backend in backends:
        weights = backend.checkpoint_hash or "untrained"
        last = next(row["iteration"] for row in rows if row["model"] == backend.name)
        place = f"layer {backend.default_layer}, {backend.default_readout}, iterate {last}"
        typer.echo(f"- {backend.name}: {place}; weights {weights[:16]}; input {size_text(backend.image_size)} px")
    typer.echo(f"\n{summary(table, 'corruption')}\n\n{summary(table, 'severity')}\n")
    flat = sum(row["degenerate"] for row in rows)
    typer.echo(f"{flat} of {len(rows)} comparisons involve a degenerate map; rows in '{out}'")
    if unreadable:
        typer.echo(f"{len(unreadable)} of {len(images)} photographs could not be read:", err=True)
        typer.echo("\n".join(unreadable), err=True)
        raise typer.Exit(EXIT_WITH_UNREADABLE)
