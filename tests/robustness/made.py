"""Trees of labelled pictures in the published layouts, whose labels a made model reads off the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image

from analysis.evaluations.suites import class_ids
from analysis.metrics.robustness import ALEXNET
from vars_core.images import Placement, normalise
from vars_core.preprocessing import IMAGENET

IDS = class_ids(200) or ()


def write_picture(path: Path, says: int) -> None:
    """A picture of one grey, by which `MadeClassifier` takes it for class ``says`` (0..200)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (says, says, says)).save(path)


def class_folders(root: Path, said: dict[int, Sequence[int]]) -> Path:
    """Class → what its pictures say, as class folders."""
    for label, pictures in said.items():
        for index, says in enumerate(pictures):
            write_picture(root / IDS[label] / f"{index}.png", says)
    return root


def imagenet_c(root: Path, wrong: dict[tuple[str, int], int], pictures: int = 4) -> Path:
    """All fifteen corruptions: of class 7's ``pictures``, so many are wrong at (corruption, severity), else none."""
    for name in ALEXNET:
        for severity in range(1, 6):
            bad = wrong.get((name, severity), 0)
            class_folders(root / name / str(severity), {7: [8] * bad + [7] * (pictures - bad)})
    return root


class MadeClassifier:
    """Knows 200 classes and reads the class off a picture's grey. Of greys beyond 199 it says class 0, then class 3."""

    name = "made/classifier"
    image_size = 8
    num_steps = 0
    checkpoint_hash = "ab" * 32
    device = torch.device("cpu")
    preprocessing = IMAGENET
    model = SimpleNamespace(num_classes=200)

    def prepare(self, images: Sequence[np.ndarray], policy: str = "whole") -> tuple[torch.Tensor, list[Placement]]:
        placements = [Placement(image.shape[0], image.shape[1], 8, policy) for image in images]
        placed = [one.place(image) for one, image in zip(placements, images, strict=True)]
        return normalise(np.stack(placed)), placements

    def logits(self, batch: torch.Tensor) -> torch.Tensor:
        grey = (batch[:, 0].mean((1, 2)) * IMAGENET.std[0] + IMAGENET.mean[0]) * 255
        logits = torch.zeros(len(batch), 200)
        for row, value in zip(logits, grey.round().long(), strict=True):
            row[0], row[3] = 1.0, 0.5
            if value < 200:
                row[value] = 2.0
        return logits
