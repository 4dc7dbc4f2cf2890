"""Made labels and data sets for the segmentation tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ..made import SIZES, write_image


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
