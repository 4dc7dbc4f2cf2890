"""Labelled pictures as two halves, to train on and to validate with: what each layout of them calls the halves."""

from __future__ import annotations

from pathlib import Path

from vars_core.data.class_labels import listed_classes
from vars_core.data.image_folder import FolderImages
from vars_core.data.image_parquet import ParquetImages
from vars_core.data.labelled import LabelledImages, split
from vars_core.errors import InputError

Halves = tuple[LabelledImages, LabelledImages]
"""(training pictures, validation pictures)."""

VALIDATION = ("val", "validation", "test")
"""Folders beside ``train`` that hold the validation pictures; the first that is there."""


def has_tiny_imagenet(root: Path) -> bool:
    """Shards of both halves beside ``classes.csv``."""
    return has_shards(root) and (root / "classes.csv").is_file()


def read_tiny_imagenet(root: Path, held_out: float | None = None, seed: int = 0) -> Halves:
    """Its own halves of 64 px and 200 classes, or a fraction ``held_out`` of all its pictures set aside."""
    if held_out is not None:
        return read_shards(root, held_out, seed)
    train, val, listed = sorted(root.glob("train-*.parquet")), root / "val.parquet", root / "classes.csv"
    if not (train and val.is_file() and listed.is_file()):
        raise InputError(f"{root} is no Tiny ImageNet folder: expected train-*.parquet, val.parquet and classes.csv")
    classes = listed_classes(listed, "name")
    return ParquetImages(train, classes), ParquetImages([val], classes)


def has_shards(root: Path) -> bool:
    """Any Parquet file, but for folders of both halves that happen to lie beside one."""
    return any(root.glob("*.parquet")) and not (root / "train").is_dir()


def read_shards(root: Path, held_out: float | None = None, seed: int = 0) -> Halves:
    """``train*.parquet`` and ``val*.parquet``, or a fraction ``held_out`` of all Parquet files set aside."""
    if held_out is not None:
        return split(ParquetImages(sorted(root.glob("*.parquet"))), held_out, seed)
    train, val = sorted(root.glob("train*.parquet")), sorted(root.glob("val*.parquet"))
    if not train or not val:
        raise needs(root)
    training = ParquetImages(train)
    return training, ParquetImages(val, training.classes)


def has_class_folders(root: Path) -> bool:
    """Any folder."""
    return root.is_dir() and any(entry.is_dir() for entry in root.iterdir())


def read_class_folders(root: Path, held_out: float | None = None, seed: int = 0) -> Halves:
    """``train/`` and one of `VALIDATION`, or a fraction ``held_out`` of each plain class folder set aside."""
    if held_out is not None:
        return split(FolderImages(root), held_out, seed)
    other = next((root / name for name in VALIDATION if (root / name).is_dir()), None)
    if other is None or not (root / "train").is_dir():
        raise needs(root)
    training = FolderImages(root / "train")
    return training, FolderImages(other, training.classes)


def needs(root: Path) -> InputError:
    """What a folder of labelled pictures must hold."""
    return InputError(
        f"{root} needs train*.parquet and val*.parquet, or train/ and val/ with class folders; "
        "for plain class folders give the fraction to hold out"
    )
