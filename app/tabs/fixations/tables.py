"""A visitor's table of fixations on the shown photograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.library.fixation_points import Points, finite_points, on_photograph
from vars_core.data import fixation_table
from vars_core.errors import InputError

SUFFIXES = (".csv", ".parquet")

MAX_ROWS = 200_000
"""A compressed file of a few bytes may claim any number of rows."""

MAX_NAME = 200
"""Characters of an image's or an observer's name: a repeated text takes no room in the file, but once it is read."""

NAMES = ("image", "observer")
"""Columns of text, read as dictionaries, so that a repeated text is held once."""


def table_points(path: Path, ref: str, title: str, height: int, width: int) -> Points:
    """CSV or Parquet with columns x and y in pixels of the shown photograph, optionally observer.

    With a column image, the rows of the photograph's own name ``title`` are taken; all, where it names one image only.
    Raises InputError: no such table, columns missing, no number, another unit (fractions, or all outside), too many.
    """
    parsed = _parsed(path)
    table = fixation_table.each_once(parsed, ("x", "y", *NAMES), "the table")
    absent = [name for name in ("x", "y") if name not in table.column_names]
    if absent:
        raise InputError(
            f"expected a table with the columns x and y (and optionally observer), {' and '.join(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} missing; it has {_named(parsed.column_names)}"
        )
    if "image" in table.column_names:
        table = _of_image(table, title)
    try:
        xs, ys = (pc.cast(table[name], pa.float64()).to_numpy().astype(np.float64) for name in ("x", "y"))
    except pa.ArrowException:
        raise InputError("expected numbers in the columns x and y of the table") from None
    observers = [""] * len(xs)
    if "observer" in table.column_names:
        observers = [name or "" for name in _text(table, "observer").to_pylist()]
    return on_photograph(finite_points(ref, xs, ys, observers, fixation_table.SIGMA), height, width)


def _parsed(path: Path) -> pa.Table:
    try:
        table = _parquet(path) if path.suffix.lower() == ".parquet" else fixation_table.read_csv(path)
        _check_rows(table.num_rows)
        return table
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0].removeprefix("CSV parse error: ") if str(error) else "it is empty"
        raise InputError(f"expected a table of fixations, CSV or Parquet: {reason.replace(str(path), 'it')}") from None


def _parquet(path: Path) -> pa.Table:
    with pq.ParquetFile(path) as file:
        _check_rows(file.metadata.num_rows)
        schema, flat = file.schema_arrow, {column.path for column in file.schema}
    if not {"x", "y"} <= set(schema.names):
        return schema.empty_table()
    texts = [name for name in NAMES if name in flat]
    wanted = ["x", "y", *(name for name in NAMES if name in schema.names)]
    return pq.ParquetFile(path, read_dictionary=texts).read(columns=wanted)


def _check_rows(rows: int) -> None:
    if rows > MAX_ROWS:
        raise InputError(f"expected a table of at most {MAX_ROWS:,} fixations, it has {rows:,}")


def _of_image(table: pa.Table, title: str) -> pa.Table:
    images = _text(table, "image")
    names = [name for name in pc.unique(images).to_pylist() if name is not None]
    if len(names) <= 1:
        return table
    if title not in names:
        raise InputError(
            f"expected fixations on the shown photograph alone: the table names {len(names)} images, "
            f"{_named(names)}, and none is {title!r}"
        )
    return table.filter(pc.equal(images, title))


def _text(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column as text, whatever its type."""
    try:
        longest = pc.max(pc.utf8_length(pc.cast(pc.unique(table[name]), pa.string()))).as_py()
        if (longest or 0) <= MAX_NAME:
            return pc.cast(table[name], pa.string())
    except pa.ArrowException:
        pass
    raise InputError(f"expected names of at most {MAX_NAME} characters in the column {name} of the table")


def _named(names: list[str], shown: int = 5) -> str:
    listed = ", ".join(name[:40] for name in names[:shown])
    return f"{listed}, …" if len(names) > shown else listed or "none"
