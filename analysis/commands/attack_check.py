"""``python -m analysis attack-check``: can the accuracies under attack of these models be believed?"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.commands.evaluating import CheckpointOption, DeviceOption, ImageSizeOption
from analysis.commands.options import load_backends, parse_image_size, parse_models
from vars_core.command import command_line
from vars_core.errors import InputError
from vars_core.image_size import size_text

if TYPE_CHECKING:
    from analysis.attacks import Check

EXIT_WITH_FAILED_CHECKS = 1


def attack_check(
    model: Annotated[list[str], typer.Option(help="Model spec, e.g. rvt_nano/vars_d; repeatable.")],
    data: Annotated[Path, typer.Option(help="Folder of labelled pictures with a validation half.")],
    checkpoint: CheckpointOption = None,
    image_size: ImageSizeOption = None,
    limit: Annotated[int, typer.Option(min=2, help="So many validation pictures, evenly spaced.")] = 32,
    epsilon: Annotated[str, typer.Option(help="Radius of the ball, as 8/255 or .03.")] = "1/255",
    alpha: Annotated[str | None, typer.Option(help="Length of a step; half of epsilon by default.")] = None,
    num_steps: Annotated[int, typer.Option(min=1, help="Steps of PGD.")] = 5,
    norm: Annotated[str, typer.Option(help="inf or 2.")] = "inf",
    queries: Annotated[int, typer.Option(min=1, help="Queries of Square for a picture.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of the attacks' draws.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """The checks that every report of an attack carries, one Markdown table a model.

    Exit status: 0; 1 where a check failed; 2 for bad input.
    """
    requests = parse_models(model, checkpoint or [], parse_image_size(image_size))

    import torch

    from analysis.attacks import Pgd, check_model, to_pixels
    from vars_core.data.open import open_split
    from vars_core.images import Placement, decode_image

    radius = parse_length(epsilon, "--epsilon")
    attack = Pgd(
        epsilon=radius,
        alpha=radius / 2 if alpha is None else parse_length(alpha, "--alpha"),
        num_steps=num_steps,
        norm=norm,
        seed=seed,
    )
    _, source = open_split(data, None, 0)
    chosen = [index * len(source) // min(limit, len(source)) for index in range(min(limit, len(source)))]
    images = [decode_image(source.encoded(index)) for index in chosen]
    labels = torch.tensor([int(source.labels[index]) for index in chosen])
    ids = [source.name(index) for index in chosen]
    typer.echo(f"`{command_line()}`\n\n{len(chosen)} of {len(source)} validation pictures of {data.resolve().name}.")
    passed = True
    for backend in load_backends(requests, device):
        size = backend.image_size
        squares = [
            Placement(image.shape[0], image.shape[1], size, preprocessing=backend.preprocessing).place(image)
            for image in images
        ]
        pixels = to_pixels(squares).to(backend.device)
        checks = check_model(backend.model, pixels, labels.to(backend.device), ids, attack, queries)
        weights = (backend.checkpoint_hash or "untrained")[:12]
        typer.echo(f"\n{backend.name}, weights {weights}, {size_text(size)} px:\n\n{markdown(checks)}")
        passed &= all(check.passed for check in checks)
    if not passed:
        raise typer.Exit(EXIT_WITH_FAILED_CHECKS)


def parse_length(text: str, option: str) -> float:
    """A length in units of the pixel range, "8/255" or "0.03". Raises InputError naming the ``option``."""
    try:
        return float(Fraction(text))
    except (ValueError, ZeroDivisionError):
        raise InputError(f"expected {option} as a fraction or a number, such as 8/255 or 0.03, got {text!r}") from None


def markdown(checks: list[Check]) -> str:
    """The checks as a table."""
    lines = ["| check | passed | seen |", "|---|---|---|"]
    lines += [f"| {check.name} | {'yes' if check.passed else 'no'} | {check.seen} |" for check in checks]
    return "\n".join(lines)
