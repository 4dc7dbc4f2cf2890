"""Find out what a folder of training data is and open both its halves."""

from __future__ import annotations

from pathlib import Path

from vars_core.data.image_folder import FolderImages
from vars_core.data.image_parquet import ParquetImages
from vars_core.data.labelled import LabelledImages, split
from vars_core.data.tiny_imagenet import tiny_imagenet
from vars_core.errors import InputError


def open_split(
    folder: str | Path, held_out: float | None = None, seed: int = 0
) -> tuple[LabelledImages, LabelledImages]:
    """``(training pictures, validation pictures)`` of a folder.

    Understood: Tiny ImageNet in Parquet; ``train*.parquet`` and ``val*.parquet``; ``train/`` and ``val/`` (or
    ``validation/``, ``test/``) of class folders; plain class folders with a fraction ``held_out`` of each set aside.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"expected a folder of training data, {root} is none")
    if held_out is not None:
        whole = ParquetImages(sorted(root.glob("*.parquet"))) if any(root.glob("*.parquet")) else FolderImages(root)
        return split(whole, held_out, seed)
    train, val = sorted(root.glob("train*.parquet")), sorted(root.glob("val*.parquet"))
    if train and val:
        if (root / "classes.csv").is_file():
            return tiny_imagenet(root, "train"), tiny_imagenet(root, "val")
        training = ParquetImages(train)
        return training, ParquetImages(val, training.classes)
    for name in ("val", "validation", "test"):
        if (root / "train").is_dir() and (root / name).is_dir():
            folders = FolderImages(root / "train")
            return folders, FolderImages(root / name, folders.classes)
    raise InputError(
        f"{root} needs train*.parquet and val*.parquet, or train/ and val/ with class folders; "
        "for plain class folders give the fraction to hold out"
    )
