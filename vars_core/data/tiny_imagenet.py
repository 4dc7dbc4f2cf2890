"""Tiny ImageNet as Parquet: ``train-*.parquet`` and ``val.parquet`` (64 px, 200 classes) beside ``classes.csv``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal

from vars_core.data.image_parquet import ParquetImages
from vars_core.errors import InputError


def tiny_imagenet_classes(folder: str | Path) -> tuple[str, ...]:
    """Class names in label order, from ``classes.csv`` (columns label, wnid, name)."""
    with (Path(folder) / "classes.csv").open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["label"]))
    return tuple(row["name"] for row in rows)


def tiny_imagenet(folder: str | Path, split: Literal["train", "val"]) -> ParquetImages:
    """The 100,000 training or the 10,000 validation pictures."""
    root = Path(folder)
    files = sorted(root.glob("train-*.parquet")) if split == "train" else [root / "val.parquet"]
    if not files or not files[0].is_file() or not (root / "classes.csv").is_file():
        raise InputError(f"{root} is no Tiny ImageNet folder: expected train-*.parquet, val.parquet and classes.csv")
    return ParquetImages(files, tiny_imagenet_classes(root))
