"""Fixations as a table, CSV or Parquet: image, observer, x, y and optionally start_s, duration_s (SPEC §7)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from vars_core.data.fixations import Fixations, FixationSet, JoinedNames, Stimulus, stimuli_in
from vars_core.data.listing import Listing
from vars_core.data.notes import left_out, notes_of
from vars_core.errors import InputError

NEEDED = ("image", "observer", "x", "y")
OPTIONAL = ("start_s", "duration_s")
TEXTS = NEEDED[:2]
STIMULI = "stimuli"
FILES = ("fixations.csv", "fixations.parquet")
SIGMA = 35.0
"""Pixels of one degree of visual angle where nothing is said: MIT1003's. Another screen needs another value."""


def read_fixation_folder(root: Path) -> FixationSet:
    """A folder with ``stimuli/`` and ``fixations.csv`` or ``fixations.parquet``.

    Raises InputError: not this layout, or both tables.
    """
    root = Path(root)
    tables = [root / name for name in FILES if (root / name).is_file()]
    if len(tables) != 1:
        there = "both are" if tables else "neither is"
        raise InputError(f"expected {' or '.join(FILES)} in {root}, {there} there")
    return group_by_image(read_table(tables[0]), stimuli_in(root / STIMULI))


def read_table(path: Path) -> pa.Table:
    """The `NEEDED` columns of a table and the `OPTIONAL` ones it has; image and observer as strings, the others as
    float64, empty fields as null.

    CSV with commas, semicolons or tabs, decimal points or (beside semicolons and tabs) commas; a byte-order mark, the
    case of the columns' names and blanks around them do not matter. Raises InputError: a file that is no such table,
    columns missing or there twice, text where a number belongs.
    """
    path = Path(path)
    try:
        table = pq.read_table(path) if path.suffix.lower() == ".parquet" else read_csv(path, (*NEEDED, *OPTIONAL))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0] if str(error) else "it is empty"
        raise InputError(f"expected a table of fixations in {path}: {said}") from None
    return _chosen(table, path)


def read_csv(path: Path, wanted: Sequence[str] = ()) -> pa.Table:
    """All columns; those among ``wanted`` as text or numbers, the others as they look.

    Raises ArrowException, OSError or UnicodeDecodeError.
    """
    with path.open("rb") as file:
        header = file.readline().decode("utf-8-sig")
        delimiter = max(",;\t", key=header.count)
        # Where commas delimit nothing, a comma in a number is a decimal comma.
        comma = delimiter != "," and b"," in file.read()
    columns = next(csv.reader([header], delimiter=delimiter), [])
    kinds = {name: pa.string() if called(name) in TEXTS else pa.float64() for name in columns if called(name) in wanted}
    return pa.csv.read_csv(
        path,
        parse_options=pa.csv.ParseOptions(delimiter=delimiter),
        convert_options=pa.csv.ConvertOptions(
            column_types=kinds, strings_can_be_null=False, decimal_point="," if comma else "."
        ),
    )


def each_once(table: pa.Table, wanted: Sequence[str], where: str) -> pa.Table:
    """The columns of a table among ``wanted``, under these names. Raises InputError where one is there twice."""
    names = [called(name) for name in table.column_names]
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        raise InputError(f"expected every column once in {where}, {' and '.join(twice)} is there more than once")
    return pa.table({name: table.column(names.index(name)) for name in wanted if name in names})


def _chosen(table: pa.Table, path: Path) -> pa.Table:
    chosen = each_once(table, (*NEEDED, *OPTIONAL), str(path))
    absent = [name for name in NEEDED if name not in chosen.column_names]
    if absent:
        raise InputError(
            f"expected the columns {', '.join(NEEDED)} in {path}, {' and '.join(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} missing; it has {', '.join(table.column_names) or 'none'}"
        )
    if not len(table):
        raise InputError(f"expected fixations in {path}, the table is empty")
    columns = {}
    for name in chosen.column_names:
        try:
            columns[name] = pc.cast(chosen[name], pa.string() if name in TEXTS else pa.float64())
        except pa.ArrowException as error:
            what = "names" if name in TEXTS else "numbers"
            raise InputError(f"expected {what} in {name} of {path}: {str(error).splitlines()[0]}") from None
    return pa.table(columns)


def called(column: str) -> str:
    """A column's name as it is looked for."""
    return column.strip().strip('"').lower()


def group_by_image(table: pa.Table, stimuli: Listing) -> FixationSet:
    """A table of `read_table` joined to pictures by name, images in the order of their first fixation."""
    images, image_of = _coded(table["image"])
    observers, observer_of = _coded(table["observer"])
    number = {name: _numbers(table, name) for name in (*NEEDED[2:], *OPTIONAL)}
    everything = Fixations(number["x"], number["y"], observer_of, number["start_s"], number["duration_s"])
    order = np.argsort(image_of, kind="stable")
    bounds = np.searchsorted(image_of[order], np.arange(len(images) + 1))
    joined = JoinedNames(stimuli)
    looked_at = []
    lost = 0
    for i, name in enumerate(images):
        own = everything.keep(order[bounds[i] : bounds[i + 1]])
        picture = joined.find(name)
        if picture is None:
            lost += len(own)
        else:
            looked_at.append(Stimulus(picture.name, picture, own))
    if not looked_at:
        raise InputError(
            f"none of the {len(images)} images of the table is among the {len(stimuli.files)} in {STIMULI}: "
            f"the table has {images[0]!r}, the folder {stimuli.files[0].name!r}"
        )
    return FixationSet(
        layout="table",
        observers=tuple(observers),
        stimuli=tuple(looked_at),
        listed=len(images),
        sigma=SIGMA,
        drops_first=False,
        notes=notes_of(
            (f"images listed but missing in {STIMULI}, with {lost} fixations", joined.missing_hinted(), False),
            (
                "fixations without an observer's name, taken for one observer's; images",
                unnamed(looked_at, observers),
                False,
            ),
            (f"images in {STIMULI} without a fixation in the table", joined.unlisted(), False),
            left_out(stimuli.left_out),
        ),
        assumptions=(f"one degree of visual angle is {SIGMA:g} pixels, as for MIT1003, unless --sigma says otherwise",),
    )


def unnamed(stimuli: Sequence[Stimulus], observers: Sequence[str]) -> list[str]:
    """Images with fixations whose observer has an empty name, and how many."""
    if "" not in observers:
        return []
    nobody = observers.index("")
    counts = {stimulus.id: int((stimulus.fixations.observers == nobody).sum()) for stimulus in stimuli}
    return [f"{name} ×{count}" for name, count in counts.items() if count]


def write_table(fixations: FixationSet, path: Path) -> int:
    """Write a data set as a table that `read_table` reads back; CSV or Parquet by the name's ending.

    Returns the number of rows. Raises InputError: another ending, or a place that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"expected a file ending in .csv or .parquet, got {path.name!r}")
    names = np.array(fixations.observers, dtype=object)
    parts = [
        pa.table(
            {
                "image": pa.array([stimulus.id] * len(own), pa.string()),
                "observer": pa.array(names[own.observers], pa.string()),
                "x": own.xs,
                "y": own.ys,
                "start_s": pa.array(own.start_s, from_pandas=True),  # not known is an empty field
                "duration_s": pa.array(own.duration_s, from_pandas=True),
            }
        )
        for stimulus in fixations.stimuli
        for own in (stimulus.fixations,)
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
