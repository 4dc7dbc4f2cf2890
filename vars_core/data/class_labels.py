"""A column of labels as numbers into a list of classes, or one sentence about what it holds instead."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vars_core.errors import InputError, nearest

Labels = NDArray[np.int64]


def numbered_labels(
    column: pa.ChunkedArray, classes: Sequence[str] | None, source: str
) -> tuple[Labels, tuple[str, ...]]:
    """(labels (N,), classes) of a column of whole numbers from 0, or of class names (dictionary-encoded ones too).

    ``classes``: the names that labels are numbers into, or that they are; None: what the column holds, names sorted.
    ``source``: where the column is from, for the error. Raises InputError: no row, a missing label, a label that is
    neither, negative, unknown or beyond the classes; numbers that count from 1.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not len(column):
        raise InputError(f"{source}: expected at least one labelled picture, there is none")
    if column.null_count:
        raise InputError(f"{source}: expected a label for every picture, {column.null_count} have none")
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _by_name(column.to_pylist(), classes, source)
    if not pa.types.is_integer(column.type):
        several = ", several classes a picture" if pa.types.is_nested(column.type) else ""
        raise InputError(f"{source}: expected labels that are whole numbers or names, got {column.type}{several}")
    return _by_number(column.to_numpy().astype(np.int64), classes, source)


def listed_classes(file: Path, column: str) -> tuple[str, ...]:
    """What a ``classes.csv`` calls its classes in a column ("wnid", "name"), in the order of their labels."""
    with file.open(newline="") as opened:
        rows = sorted(csv.DictReader(opened), key=lambda row: int(row["label"]))
    return tuple(row[column] for row in rows)


def has_names(classes: Sequence[str]) -> bool:
    """Whether classes are called something, and not just numbered from 0."""
    return list(classes) != [str(number) for number in range(len(classes))]


def named(classes: Sequence[str], most: int = 3) -> str:
    """The first of some class names and how many more there are."""
    more = f" and {len(classes) - most} more" if len(classes) > most else ""
    return ", ".join(map(repr, list(classes)[:most])) + more


def _by_name(values: Sequence[str], classes: Sequence[str] | None, source: str) -> tuple[Labels, tuple[str, ...]]:
    known = tuple(classes) if classes is not None else tuple(sorted(set(values)))
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise InputError(
            f"{source}: expected labels among the {len(known)} classes, got {named(unknown)} "
            f"(nearest: {nearest(unknown[0], known, count=1)})"
        )
    index = {name: number for number, name in enumerate(known)}
    return np.array([index[value] for value in values], dtype=np.int64), known


def _by_number(labels: Labels, classes: Sequence[str] | None, source: str) -> tuple[Labels, tuple[str, ...]]:
    least, most = int(labels.min()), int(labels.max())
    if least < 0:
        raise InputError(f"{source}: expected labels from 0, {(labels < 0).sum()} are negative (the least is {least})")
    if least == 1 and (classes is None or most == len(classes)):
        raise InputError(f"{source}: expected labels that count from 0, they run from 1 to {most}: subtract 1")
    if classes is not None and most >= len(classes):
        raise InputError(f"{source}: expected labels 0 to {len(classes) - 1} of {len(classes)} classes, got {most}")
    return labels, tuple(classes) if classes is not None else tuple(map(str, range(most + 1)))
