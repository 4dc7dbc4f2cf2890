"""``python -m analysis corrupt``: a folder of pictures as an ImageNet-C tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from analysis.corruptions import NAMES, SEVERITIES, TEST, VALIDATION
from analysis.corruptions.apply import check_name, check_severity
from analysis.corruptions.tree import TreeSettings, confirm, find_images, write_tree
from analysis.engine import cores
from analysis.progress import watched
from vars_core.data.notes import left_out, notes_of
from vars_core.errors import InputError

EXIT_WITH_UNREADABLE = 3
NAMES_HELP = "Corruptions, or test (default), validation, all; comma-separated or repeated."
SEVERITIES_HELP = "1..5 (default: all five); comma-separated or repeated."
GROUPS = {"test": TEST, "validation": VALIDATION, "all": NAMES}


def corrupt(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Folder of pictures, searched to any depth.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the tree; one begun there is continued.")],
    names: Annotated[list[str] | None, typer.Option(help=NAMES_HELP)] = None,
    severities: Annotated[list[str] | None, typer.Option(help=SEVERITIES_HELP)] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another draw of the noise.")] = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; all cores by default.")] = None,
    frost: Annotated[Path | None, typer.Option(help="Folder of frost photographs; grown textures by default.")] = None,
) -> None:
    """Write OUT/<name>/<severity>/<path in IN>.JPEG: 224 px centre crop, corrupted, JPEG quality 85.

    A picture's id, which its noise depends on, is its path in IN without the suffix. Exit status: 0; 2 for bad input;
    3 when some pictures could not be read (they are named; all others are written).
    """
    settings = TreeSettings(target, parse_names(names or ()), parse_severities(severities or ()), seed, frost)
    if target.resolve().is_relative_to(source.resolve()):
        raise InputError(f"expected OUT outside IN, got '{target}' inside '{source}'")
    listing = find_images(source)
    images = listing.by_name()
    for note in notes_of(left_out(listing.left_out)):
        typer.echo(note.sentence())
    confirm(settings)
    unreadable: list[str] = []
    written = present = 0
    with watched(len(images), "pictures") as show:
        for done, outcome in enumerate(write_tree(images, settings, workers or cores()), start=1):
            written, present = written + outcome.written, present + outcome.present
            if outcome.error is not None:
                unreadable.append(f"{images[outcome.image_id]}: {outcome.error}")
            show(done)
    typer.echo(f"{len(images)} pictures: {written} files written, {present} already there, in '{target}'")
    if unreadable:
        typer.echo(f"{len(unreadable)} of {len(images)} pictures could not be read:", err=True)
        typer.echo("\n".join(sorted(unreadable)), err=True)
        raise typer.Exit(EXIT_WITH_UNREADABLE)


def parse_names(values: Sequence[str]) -> tuple[str, ...]:
    """Names and groups of names, each name once, in the table's order; without any the benchmark's fifteen.

    Raises InputError for an unknown name.
    """
    wanted: set[str] = set()
    for word in split_words(values or ["test"]):
        if word not in GROUPS:
            check_name(word)
        wanted.update(GROUPS.get(word, (word,)))
    if not wanted:
        raise InputError("expected at least one name in --names, got none")
    return tuple(name for name in NAMES if name in wanted)


def parse_severities(values: Sequence[str]) -> tuple[int, ...]:
    """Whole numbers 1..5, each once, rising; without any all five. Raises InputError for anything else."""
    words = split_words(values or ["1,2,3,4,5"])
    if not words:
        raise InputError("expected at least one of 1..5 in --severities, got none")
    wanted = {int(word) if word.isdecimal() else word for word in words}
    for severity in wanted:
        check_severity(severity)
    return tuple(severity for severity in SEVERITIES if severity in wanted)


def split_words(values: Sequence[str]) -> list[str]:
    """Options given as "a,b" or several times, as one list."""
    return [word for value in values for word in value.replace(",", " ").split()]
