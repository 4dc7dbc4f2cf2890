"""Top-1 and top-5 on a set of pictures: ``python -m vars_core.training.evaluate --model SPEC --data DIR``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch import Tensor

from vars_core.backend import choose_device
from vars_core.data.labelled import LabelledImages
from vars_core.data.open import open_split
from vars_core.errors import InputError
from vars_core.images import Placement, decode_image, normalise
from vars_core.models.base import VisionModel
from vars_core.training.accuracy import accuracy
from vars_core.weights import load_model

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def placed_batches(
    source: LabelledImages, model: VisionModel, policy: str, skipped: list[str], batch_size: int = 200
) -> Iterator[tuple[Tensor, Tensor]]:
    """Pictures as the product shows them to a model: (B, 3, H, W), labels. Undecodable: ``skipped``."""
    images, labels = [], []
    for index in range(len(source)):
        try:
            image = decode_image(source.encoded(index))
        except InputError as error:
            skipped.append(f"{source.name(index)}: {error}")
            continue
        height, width = image.shape[:2]
        images.append(Placement(height, width, model.image_size, policy, model.preprocessing).place(image))
        labels.append(int(source.labels[index]))
        if len(images) == batch_size:
            yield normalise(np.stack(images), model.preprocessing), torch.tensor(labels)
            images, labels = [], []
    if images:
        yield normalise(np.stack(images), model.preprocessing), torch.tensor(labels)


def evaluate(
    model: VisionModel,
    source: LabelledImages,
    *,
    policy: str = "whole",
    device: torch.device | None = None,
    precision: str = "fp32",
) -> dict[str, Any]:
    """``top1``, ``top5`` (fractions), ``loss``, ``count`` and the names of ``skipped`` pictures."""
    device = device or torch.device("cpu")
    skipped: list[str] = []
    batches = placed_batches(source, model, policy, skipped)
    result = accuracy(model.to(device), batches, device, precision)
    return {"top1": result.top1, "top5": result.top5, "loss": result.loss, "count": result.count, "skipped": skipped}


@app.command()
def main(
    model: Annotated[str, typer.Option(help="<backbone>/<mixer>")],
    data: Annotated[Path, typer.Option(help="Folder of data with a validation half")],
    checkpoint: Annotated[Path | None, typer.Option(help="Weights; the embedded ones by default")] = None,
    policy: Annotated[str, typer.Option(help="whole or center")] = "whole",
    image_size: Annotated[int | None, typer.Option(help="Side of the model's input")] = None,
    device: str = "auto",
    precision: Annotated[str, typer.Option(help="fp32 or bf16")] = "fp32",
    held_out: Annotated[float | None, typer.Option(help="As in training")] = None,
    seed: int = 0,
) -> None:
    """Print top-1 and top-5 on the validation pictures, with the weights' hash, as one line of JSON."""
    try:
        network = load_model(model, checkpoint, image_size=image_size)
        _, source = open_split(data, held_out, seed)
        result = evaluate(network, source, policy=policy, device=choose_device(device), precision=precision)
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    facts = {"model": model, "sha256": network.checkpoint_hash, "data": data.resolve().name, "policy": policy}
    typer.echo(json.dumps(facts | result))


if __name__ == "__main__":
    app()
