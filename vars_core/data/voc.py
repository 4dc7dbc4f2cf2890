"""The PASCAL VOC layout: JPEGImages, SegmentationClass (palette PNG), ImageSets/Segmentation/<split>.txt."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from vars_core.data.masks import VOID_LABEL, Pair
from vars_core.errors import InputError, nearest

LARGEST_LABEL = 20


def read_voc(root: Path, split: str = "val") -> list[Pair]:
    """The pairs a split lists, in its order, a name listed twice twice. Files are not looked at.

    Raises:
        InputError: not this layout, no such split, or a split that lists nothing or leaves the folder.
    """
    root = Path(root)
    lists = root / "ImageSets" / "Segmentation"
    for folder in (root, root / "JPEGImages", root / "SegmentationClass", lists):
        if not folder.is_dir():
            raise InputError(f"expected the PASCAL VOC layout in {root}: there is no folder {folder}")
    path = lists / f"{split}.txt"
    if not path.is_file():
        known = sorted(file.stem for file in lists.glob("*.txt"))
        hint = f"known: {nearest(split, known)}" if known else "there are no lists there"
        raise InputError(f"expected a split listed in {lists}, got {split!r} ({hint})")
    try:
        names = [line.split()[0] for line in path.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise InputError(f"expected a text file with one name a line, {path} is not") from None
    if not names:
        raise InputError(f"expected at least one name in {path}, it is empty")
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise InputError(f"expected names inside JPEGImages in {path}, got {name!r}")
    return [
        Pair(name, root / "JPEGImages" / f"{name}.jpg", root / "SegmentationClass" / f"{name}.png") for name in names
    ]


def check_voc_labels(labels: np.ndarray) -> None:
    """Raises an InputError where a label is none of VOC's: 0 (background), 1..20, 255 (void)."""
    odd = labels[(labels > LARGEST_LABEL) & (labels != VOID_LABEL)]
    if odd.size:
        raise InputError(f"expected VOC labels 0..{LARGEST_LABEL} or {VOID_LABEL}, the mask holds {int(odd[0])}")
