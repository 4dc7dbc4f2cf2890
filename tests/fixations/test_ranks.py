"""Counting pairs cell by cell gives what sorting gives, to the last pair."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analysis.metrics.fixations.ranks import CELLS, twice_below, twice_below_sorted

numbers = st.floats(allow_nan=False, allow_infinity=False)
steps = st.integers(0, 9).map(float)  # equal numbers come often


def plainly(values: np.ndarray, many: np.ndarray) -> int:
    pairs = values[:, None] - many[None, :] if len(many) else np.zeros((len(values), 0))
    return int(2 * (pairs > 0).sum() + (pairs == 0).sum())


@given(
    st.one_of(*(arrays.arrays(float, st.integers(1, 60), elements=kind) for kind in (numbers, steps))),
    st.one_of(*(arrays.arrays(float, st.integers(0, 8), elements=kind) for kind in (numbers, steps))),
)
def test_pairs_are_counted_as_by_sorting(many: np.ndarray, values: np.ndarray) -> None:
    assert twice_below(values, many) == twice_below_sorted(values, np.sort(many))


def test_pairs_of_a_whole_photograph_are_counted_one_by_one() -> None:
    """Values on, between and far outside the many; the many on the very edges of cells among them."""
    rng = np.random.default_rng(0)
    many = np.concatenate([rng.random(20_000), np.arange(CELLS + 1) / CELLS, np.repeat(0.5, 500)])
    values = np.concatenate([many[::999], [-1.0, 0.0, 0.5, 1.0, 2.0], rng.random(7)])
    assert twice_below(values, many.reshape(-1, 1)) == plainly(values, many)


def test_numbers_of_single_precision_are_counted_in_double() -> None:
    rng = np.random.default_rng(1)
    many = rng.random(5_000).astype(np.float32)
    values = np.concatenate([many[:50], rng.random(50).astype(np.float32)])
    assert twice_below(values, many) == plainly(values, many)
