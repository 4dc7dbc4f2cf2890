"""Rows as an Arrow table, each column made by NumPy.

``pyarrow.Table.from_pylist`` gives the same, but loads pandas wherever that is installed: half a second in which the
threads of a run wait for Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

_NUMBERS: dict[pa.DataType, np.dtype] = {
    pa.int32(): np.dtype(np.int32),
    pa.int64(): np.dtype(np.int64),
    pa.float32(): np.dtype(np.float32),
    pa.float64(): np.dtype(np.float64),
}


def table_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """One line a row; what a row does not hold, or holds as None, is null.

    Raises TypeError, OverflowError: a value that its column cannot hold as it is.
    """
    columns = [column([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Values of one kind (numbers, bool, string, or lists of these), None for null."""
    known = np.array([value is not None for value in values], bool)
    null = None if known.all() else _bits(known)
    if pa.types.is_string(kind):
        texts = [b"" if value is None else value.encode() for value in values]
        return _made(kind, values, [null, _ends(texts), pa.py_buffer(b"".join(texts))])
    if pa.types.is_list(kind):
        lists = [() if value is None else value for value in values]
        inner = column([one for several in lists for one in _plain(several)], kind.value_type)
        return _made(kind, values, [null, _ends(lists)], [inner])
    if pa.types.is_boolean(kind):
        return _made(kind, values, [null, _bits(_exactly([value or False for value in values], np.dtype(bool)))])
    numbers = _exactly([0 if value is None else value for value in values], _NUMBERS[kind])
    return _made(kind, values, [null, pa.py_buffer(numbers)])


def _made(
    kind: pa.DataType, values: Sequence[Any], buffers: Sequence[pa.Buffer | None], children: Sequence[pa.Array] = ()
) -> pa.Array:
    return pa.Array.from_buffers(kind, len(values), list(buffers), children=list(children))


def _plain(several: Any) -> Iterable[Any]:
    return several.tolist() if isinstance(several, np.ndarray) else several


def _exactly(given: Sequence[Any], dtype: np.dtype) -> np.ndarray:
    """The same numbers in another type; floats may be rounded to a shorter one."""
    numbers = np.asarray(given) if len(given) else np.zeros(0, dtype)
    made = numbers.astype(dtype, casting="same_kind")
    if dtype.kind == "i" and not np.array_equal(made, numbers):
        raise OverflowError(f"expected numbers that {dtype} holds, got {numbers.min()} to {numbers.max()}")
    return made


def _ends(parts: Sequence[Any]) -> pa.Buffer:
    """Where each part begins in all of them joined, and where the last one ends."""
    return pa.py_buffer(np.cumsum([0, *map(len, parts)], dtype=np.int32))


def _bits(flags: np.ndarray) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))
