"""How many of very many numbers lie below each of a few: what an area under a ROC curve is made of, without sorting."""

from __future__ import annotations

import numpy as np

from analysis.in_cache import stretches

CELLS = 1 << 14
"""Of equal width over the range of the many."""


def twice_below(values: np.ndarray, many: np.ndarray) -> int:
    """Twice the number of pairs in which one of ``values`` exceeds one of ``many``, ties counted half.

    The many are counted into cells. Whatever lies in a cell below a value's own is below the value, since a greater
    number is never in a lower cell, rounding or not; only the few that share a cell with a value are sorted. The same
    number as sorting all of them gives, for photographs ten times sooner.
    """
    many = many.ravel()
    if len(many) < CELLS:
        return twice_below_sorted(values, np.sort(many))
    low, high = np.float64(many.min()), np.float64(many.max())
    with np.errstate(divide="ignore", over="ignore"):
        per_unit = CELLS / (high - low)
    if not 0 < per_unit < np.inf:  # no range, or one that no cell has a width for
        return twice_below_sorted(values, np.sort(many))
    own = ((np.clip(values, low, high) - low) * per_unit).astype(np.intp)
    shared = np.zeros(CELLS + 1, dtype=bool)
    shared[own] = True
    tally, near = np.zeros(CELLS + 1, np.int64), []
    for few in stretches(len(many)):
        cell = ((many[few] - low) * per_unit).astype(np.intp)
        tally += np.bincount(cell, minlength=CELLS + 1)
        near.append(many[few][shared[cell]])
    elsewhere = np.concatenate([[0], np.where(shared, 0, tally).cumsum()])  # [c]: in cells below c that hold no value
    return 2 * int(elsewhere[own].sum()) + twice_below_sorted(values, np.sort(np.concatenate(near)))


def twice_below_sorted(values: np.ndarray, ordered: np.ndarray) -> int:
    """`twice_below` of numbers in ascending order."""
    return sum(int(np.searchsorted(ordered, values, side=side).sum()) for side in ("left", "right"))
