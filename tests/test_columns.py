"""Rows become the table that pyarrow itself makes of them, without pandas."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.columns import table_of

SCHEMA = pa.schema(
    [
        ("whole", pa.int64()),
        ("real", pa.float64()),
        ("flag", pa.bool_()),
        ("text", pa.string()),
        ("counts", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float32())),
    ]
)
_SHORT = st.integers(-(2**31), 2**31 - 1)
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
            "real": st.none() | st.floats(allow_nan=False) | st.integers(-1000, 1000),
            "flag": st.none() | st.booleans(),
            "text": st.none() | st.text(max_size=9),
            "counts": st.none() | st.lists(_SHORT, max_size=4) | st.lists(_SHORT, max_size=4).map(np.array),
            "values": st.none() | st.lists(st.floats(width=32, allow_nan=False), max_size=4),
        },
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=150)
@given(ROWS)
def test_the_table_is_the_one_that_pyarrow_makes(rows: list[dict[str, Any]]) -> None:
    for row in rows:  # an empty array of NumPy's is of floats
        if isinstance(row.get("counts"), np.ndarray):
            row["counts"] = row["counts"].astype(np.int64)
    made = table_of(rows, SCHEMA)
    made.validate(full=True)
    assert made.equals(pa.Table.from_pylist(rows, schema=SCHEMA))


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        ({"whole": 1.5}, TypeError),
        ({"whole": "1"}, TypeError),
        ({"flag": 2}, TypeError),
        ({"counts": [2**31]}, OverflowError),
        ({"text": 3}, AttributeError),
    ],
)
def test_what_a_column_cannot_hold_is_refused(row: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        table_of([row], SCHEMA)


def test_pandas_stays_away() -> None:
    code = (
        "import sys, pyarrow as pa; from analysis.columns import table_of; "
        "table_of([{'a': 1, 'b': [1.0]}], pa.schema([('a', pa.int64()), ('b', pa.list_(pa.float64()))])); "
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
