"""Top-1 and top-5 on a set of pictures: ``python -m vars_core.training.evaluate --model SPEC --data DIR``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from vars_core.backend import Backend
from vars_core.command import run_commands
from vars_core.data.labelled import LabelledImages
from vars_core.data.open import open_split
from vars_core.embedded import embedded_weights
from vars_core.errors import InputError
from vars_core.images import decode_image
from vars_core.training.accuracy import Accuracy, tally
from vars_core.training.heads import head_names, match
from vars_core.weights import load_model

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@torch.no_grad()
def evaluate(
    backend: Backend,
    source: LabelledImages,
    *,
    names: Sequence[str] | None = None,
    policy: str = "whole",
    batch_size: int = 200,
) -> dict[str, Any]:
    """``top1``, ``top5`` (fractions), ``loss``, ``count``, the names of ``skipped`` pictures, and how ``classes`` of
    data and model were matched.

    ``names``: what the model's outputs are called. Raises InputError where they are not the data's classes.
    """
    matched = match(backend.model.num_classes, names, source.classes)
    skipped: list[str] = []
    sums = torch.zeros(4, dtype=torch.float64)
    for images, labels in batches(source, batch_size, skipped):
        logits = backend.logits(backend.prepare(images, policy)[0])
        sums += tally(logits, torch.from_numpy(matched.outputs[labels]))
    return asdict(Accuracy.of(sums)) | {"classes": matched.words, "skipped": skipped}


def batches(
    source: LabelledImages, batch_size: int, skipped: list[str]
) -> Iterator[tuple[list[NDArray[np.uint8]], list[int]]]:
    """Decoded pictures and their labels; those that cannot be decoded are named in ``skipped``."""
    for start in range(0, len(source), batch_size):
        images, labels = [], []
        for index in range(start, min(start + batch_size, len(source))):
            try:
                images.append(decode_image(source.encoded(index)))
                labels.append(int(source.labels[index]))
            except InputError as error:
                skipped.append(f"{source.name(index)}: {error}")
        if images:
            yield images, labels


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
    network = load_model(model, checkpoint, image_size=image_size)
    _, source = open_split(data, held_out, seed)
    names = head_names(checkpoint or embedded_weights(model))
    result = evaluate(Backend(network, device, precision), source, names=names, policy=policy)
    facts = {"model": model, "sha256": network.checkpoint_hash, "data": data.resolve().name, "policy": policy}
    typer.echo(json.dumps(facts | result))


if __name__ == "__main__":
    run_commands(app)
