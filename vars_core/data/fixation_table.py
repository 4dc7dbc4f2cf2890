"""Fixations as a table, CSV or Parquet: image, observer, x, y and optionally start_s, duration_s (SPEC §7)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from vars_core.data.fixations import Fixations, FixationSet, Stimulus, notes_of, pictures_in
from vars_core.errors import InputError

NEEDED = ("image", "observer", "x", "y")
OPTIONAL = ("start_s", "duration_s")
FILES = ("fixations.csv", "fixations.parquet")
SIGMA = 35.0
"""Pixels of one degree of visual angle where nothing is said: MIT1003's. Another screen needs another value."""


def read_fixation_folder(root: Path) -> FixationSet:
    """A folder with ``stimuli/`` and ``fixations.csv`` or ``fixations.parquet``.

    Raises:
        InputError: not this layout, or both tables.
    """
    root = Path(root)
    tables = [root / name for name in FILES if (root / name).is_file()]
    if len(tables) != 1:
        there = "both are" if tables else "neither is"
        raise InputError(f"expected {' or '.join(FILES)} in {root}, {there} there")
    return group_by_image(read_table(tables[0]), pictures_in(root / "stimuli"))


def read_table(path: Path) -> pa.Table:
    """The columns of a table: image and observer as strings, the others as float64, empty fields as null.

    Raises:
        InputError: a file that is no such table, columns missing, text where a number belongs.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".parquet":
            table = pq.read_table(path)
        else:
            kinds = {name: pa.string() for name in NEEDED[:2]} | {name: pa.float64() for name in NEEDED[2:] + OPTIONAL}
            options = pa.csv.ConvertOptions(column_types=kinds, strings_can_be_null=False)
            table = pa.csv.read_csv(path, convert_options=options)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"expected a table of fixations in {path}: {str(error).splitlines()[0]}") from None
    absent = [name for name in NEEDED if name not in table.column_names]
    if absent:
        raise InputError(
            f"expected the columns {', '.join(NEEDED)} in {path}, {' and '.join(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} missing; it has {', '.join(table.column_names) or 'none'}"
        )
    if not len(table):
        raise InputError(f"expected fixations in {path}, the table is empty")
    try:
        columns = {name: pc.cast(table[name], pa.string()) for name in NEEDED[:2]}
        columns |= {n: pc.cast(table[n], pa.float64()) for n in (*NEEDED[2:], *OPTIONAL) if n in table.column_names}
    except pa.ArrowException as error:
        raise InputError(f"expected numbers in x and y of {path}: {str(error).splitlines()[0]}") from None
    return pa.table(columns)


def group_by_image(table: pa.Table, pictures: dict[str, Path]) -> FixationSet:
    """A table of :func:`read_table` joined to pictures by file name, images in the order of their first fixation."""
    images, image_of = _coded(table["image"])
    observers, observer_of = _coded(table["observer"])
    number = {name: _numbers(table, name) for name in (*NEEDED[2:], *OPTIONAL)}
    everything = Fixations(number["x"], number["y"], observer_of, number["start_s"], number["duration_s"])
    order = np.argsort(image_of, kind="stable")
    bounds = np.searchsorted(image_of[order], np.arange(len(images) + 1))
    stimuli = [
        Stimulus(name, pictures[name], everything.keep(order[bounds[i] : bounds[i + 1]]))
        for i, name in enumerate(images)
        if name in pictures
    ]
    missing = [name for name in images if name not in pictures]
    lost = sum(int(bounds[i + 1] - bounds[i]) for i, name in enumerate(images) if name not in pictures)
    nameless = unnamed(stimuli, observers)
    if not stimuli:
        raise InputError(
            f"none of the {len(images)} images of the table is among the {len(pictures)} in stimuli: "
            f"the table has {images[0]!r}, the folder {next(iter(pictures))!r}"
        )
    return FixationSet(
        layout="table",
        observers=tuple(observers),
        stimuli=tuple(stimuli),
        listed=len(images),
        sigma=SIGMA,
        drops_first=False,
        notes=notes_of(
            (f"images listed but missing in stimuli, with {lost} fixations", missing, False),
            ("fixations without an observer's name, taken for one observer's; images", nameless, False),
            ("images in stimuli without a fixation in the table", sorted(set(pictures) - set(images)), False),
        ),
    )


def unnamed(stimuli: Sequence[Stimulus], observers: Sequence[str]) -> list[str]:
    """Images with fixations whose observer has an empty name, and how many."""
    if "" not in observers:
        return []
    nobody = observers.index("")
    counts = {stimulus.id: int((stimulus.fixations.observers == nobody).sum()) for stimulus in stimuli}
    return [f"{name} ×{count}" for name, count in counts.items() if count]


def write_table(fixations: FixationSet, path: Path) -> int:
    """Write a data set as a table that :func:`read_table` reads back; CSV or Parquet by the name's ending.

    Returns:
        The number of rows.

    Raises:
        InputError: another ending, or a place that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"expected a file ending in .csv or .parquet, got {path.name!r}")
    names = np.array(fixations.observers, dtype=object)
    parts = [
        pa.table(
            {
                "image": pa.array([stimulus.id] * len(found), pa.string()),
                "observer": pa.array(names[found.observers], pa.string()),
                "x": found.xs,
                "y": found.ys,
                "start_s": pa.array(found.start_s, from_pandas=True),  # not known is an empty field
                "duration_s": pa.array(found.duration_s, from_pandas=True),
            }
        )
        for stimulus in fixations.stimuli
        for found in (stimulus.fixations,)
    ]
    table = pa.concat_tables(parts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".csv":
            pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed"))
        else:
            pq.write_table(table, path)
    except OSError as error:
        raise InputError(f"expected a file that can be written at {path}: {error}") from None
    return len(table)


def _coded(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    """The distinct strings in order of appearance, and for each row the index of its own."""
    coded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    """A column as float64, NaN for null and for a column that is not there."""
    if name not in table.column_names:
        return np.full(len(table), np.nan)
    values: np.ndarray = table[name].combine_chunks().to_numpy(zero_copy_only=False)
    return values.astype(np.float64)
