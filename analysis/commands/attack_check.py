"""``python -m analysis attack-check``: can the accuracies under attack of these models be believed?"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from analysis.commands.evaluating import Models
from analysis.commands.options import load_backends
from analysis.markdown import table
from vars_core.command import command_line
from vars_core.errors import InputError
from vars_core.image_size import size_text
from vars_core.training.options import asks, option

if TYPE_CHECKING:
    from analysis.attacks import Pgd

EXIT_WITH_FAILED_CHECKS = 1


@dataclass(frozen=True, kw_only=True)
class Asked(Models):
    data: Path = option("Folder of labelled pictures with a validation half.")
    limit: int = option("So many validation pictures, evenly spaced.", 32, low=2)
    epsilon: str = option("Radius of the ball, as 8/255 or .03.", "1/255")
    alpha: str | None = option("Length of a step; half of epsilon by default.", None)
    num_steps: int = option("Steps of PGD.", 5, low=1)
    norm: str = option("inf or 2.", "inf")
    queries: int = option("Queries of Square for a picture.", 200, low=1)
    seed: int = option("Seed of the attacks' draws.", 0)


@asks(Asked)
def attack_check(asked: Asked) -> None:
    """The checks that every report of an attack carries, one Markdown table a model.

    Exit status: 0; 1 where a check failed; 2 for bad input.
    """
    requests, data, limit = asked.requests, asked.data, asked.limit

    import torch

    from analysis.attacks import check_model, to_pixels
    from vars_core.data.open import open_split
    from vars_core.images import decode_image

    attack = pgd_of(asked.epsilon, asked.alpha, asked.num_steps, asked.norm, asked.seed)
    _, source = open_split(data, None, 0)
    chosen = [index * len(source) // min(limit, len(source)) for index in range(min(limit, len(source)))]
    images = [decode_image(source.encoded(index)) for index in chosen]
    labels = torch.tensor([int(source.labels[index]) for index in chosen])
    ids = [source.name(index) for index in chosen]
    typer.echo(f"`{command_line()}`\n\n{len(chosen)} of {len(source)} validation pictures of {data.resolve().name}.")
    passed = True
    for backend in load_backends(requests, asked.device):
        _, placements = backend.prepare(images)
        squares = [one.place(image) for one, image in zip(placements, images, strict=True)]
        pixels = to_pixels(squares).to(backend.device)
        checks = check_model(backend.model, pixels, labels.to(backend.device), ids, attack, asked.queries)
        weights = (backend.checkpoint_hash or "untrained")[:12]
        typer.echo(f"\n{backend.name}, weights {weights}, {size_text(backend.image_size)} px:\n")
        rows = [(check.name, "yes" if check.passed else "no", check.seen) for check in checks]
        typer.echo("\n".join(table(("check", "passed", "seen"), rows, left=3)))
        passed &= all(check.passed for check in checks)
    if not passed:
        raise typer.Exit(EXIT_WITH_FAILED_CHECKS)


def parse_length(text: str, option: str) -> float:
    """A length in units of the pixel range, "8/255" or "0.03". Raises InputError naming the ``option``."""
    above, sign, below = text.partition("/")
    try:
        return float(Fraction(above) / Fraction(below if sign else "1"))
    except (ValueError, ZeroDivisionError):
        raise InputError(f"expected {option} as a fraction or a number, such as 8/255 or 0.03, got {text!r}") from None


def pgd_of(epsilon: str, alpha: str | None, num_steps: int, norm: str, seed: int, restarts: int = 1) -> Pgd:
    """PGD as it is asked for: ``alpha`` None for half the radius. Raises InputError."""
    from analysis.attacks import Pgd

    radius = parse_length(epsilon, "--epsilon")
    step = radius / 2 if alpha is None else parse_length(alpha, "--alpha")
    return Pgd(epsilon=radius, alpha=step, num_steps=num_steps, num_restarts=restarts, norm=norm, seed=seed)
