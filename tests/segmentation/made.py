"""Made data and a made model for the segmentation tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from vars_core.images import Placement, normalise
from vars_core.trace import LayerTrace, Trace

SIZES = ((40, 56), (48, 32), (33, 47))


def write_image(path: Path, seed: int, shape: tuple[int, int]) -> None:
    """A photograph of noise with a bright blob, so that maps of it differ from place to place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    image = generator.integers(0, 120, (*shape, 3)).astype(np.uint8)
    y, x = generator.integers(0, np.array(shape) // 2)
    image[y : y + shape[0] // 2, x : x + shape[1] // 2] += 130
    Image.fromarray(image).save(path)


def made_labels(seed: int, shape: tuple[int, int]) -> np.ndarray:
    """A label image with background, one object (a label of 1..20) and a void border below it."""
    generator = np.random.default_rng(1000 + seed)
    labels = np.zeros(shape, np.uint8)
    top, left = generator.integers(0, np.array(shape) // 2)
    labels[top : top + shape[0] // 3, left : left + shape[1] // 2] = generator.integers(1, 21)
    labels[top + shape[0] // 3, left : left + shape[1] // 2] = 255
    return labels


def write_labels(path: Path, labels: np.ndarray) -> None:
    """A palette PNG, as PASCAL VOC stores labels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(labels, mode="P")
    image.putpalette(list(range(256)) * 3)
    image.save(path)


def make_voc(root: Path, count: int, split: str = "val") -> Path:
    """A data set of ``count`` images in PASCAL VOC layout, of three sizes in turn."""
    names = [f"2007_{index:06d}" for index in range(count)]
    for index, name in enumerate(names):
        shape = SIZES[index % len(SIZES)]
        write_image(root / "JPEGImages" / f"{name}.jpg", index, shape)
        write_labels(root / "SegmentationClass" / f"{name}.png", made_labels(index, shape))
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True, exist_ok=True)
    (lists / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))
    return root


class MadeBackend:
    """Answers like a Backend; its maps are pooled colour channels, its iterates powers of them.

    Layer "0.1" of an image that is black all over is constant, hence degenerate.
    """

    name = "made/model"
    image_size = 24
    layer_names = ("0.0", "0.1")
    default_layer = "0.1"
    default_readout = "energy"
    num_steps = 2
    iterates = 3
    checkpoint_hash = None
    device = torch.device("cpu")

    def prepare(self, images: Sequence[np.ndarray], policy: str = "whole") -> tuple[Tensor, list[Placement]]:
        placements = [Placement(*image.shape[:2], self.image_size, policy) for image in images]
        placed = [placement.place(image) for placement, image in zip(placements, images, strict=True)]
        return normalise(np.stack(placed)), placements

    def trace(
        self,
        batch: Tensor,
        readouts: Sequence[str] = ("energy",),
        layers: Iterable[str] | None = None,
        *,
        per_head: bool = False,
    ) -> Trace:
        traced = []
        for name in layers or self.layer_names:
            grid = (6, 6) if name == "0.0" else (5, 7)
            pooled = adaptive_avg_pool2d(batch, grid).mul(1000).round() / 1000  # constant stays exactly constant
            heads = torch.stack([(pooled + 3).pow(step + 1) for step in range(self.iterates)])
            maps = {readout: heads.mean(2) * (index + 1) for index, readout in enumerate(readouts)}
            head_maps = dict.fromkeys(readouts, heads) if per_head else {}
            traced.append(LayerTrace(name=name, grid=grid, maps=maps, head_maps=head_maps))
        return Trace(torch.zeros(len(batch), 2), tuple(traced))


class MadeAttention(MadeBackend):
    """Has one iterate, whatever number of steps it was built with, as attention has."""

    iterates = 1
