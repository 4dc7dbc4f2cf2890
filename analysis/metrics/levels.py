"""How many of some thresholds each pixel of a map reaches: what counts at every threshold are made of."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from analysis.placed_map import DenseMap, PlacedMap
from vars_core.errors import InputError

MOST_LEVELS = 126
"""Thresholds at once: a level and the pixel's region share a byte."""

HUNDREDTHS = (np.arange(101) / 100).astype(np.float32)
"""0, 0.01, …, 1 as a map in single precision meets them."""

_CELLS = 1024  # a power of two: scaling a float by it is exact, so a value's cell is never off by one


def levels(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How many of the ascending thresholds each value reaches (value >= threshold), exactly: uint8, the values' shape.

    ``values``: in [0, 1], float32 or float64. ``thresholds``: at most `MOST_LEVELS`, in [0, 1]; rounded to the values'
    precision. The same as ``np.searchsorted(thresholds, values, side="right")``, many times faster.
    """
    if len(thresholds) > MOST_LEVELS:
        raise InputError(f"expected at most {MOST_LEVELS} thresholds at once, got {len(thresholds)}")
    edges = thresholds.astype(values.dtype)
    if values.dtype == np.float32 and np.array_equal(edges, HUNDREDTHS):
        return _hundredths_reached(values)
    return _number_in_cells(values, edges)


def levels_of(placed: PlacedMap, thresholds: np.ndarray) -> np.ndarray:
    """`levels` of a map on its image, scaled to [0, 1]; those of the last few priors are remembered."""
    if isinstance(placed, DenseMap):  # photographs of one size share it
        return _remembered(placed, tuple(thresholds.tolist()))
    return _band_by_band(placed, thresholds)


@lru_cache(maxsize=4)
def _remembered(placed: PlacedMap, thresholds: tuple[float, ...]) -> np.ndarray:
    return _band_by_band(placed, np.array(thresholds))


def _band_by_band(placed: PlacedMap, thresholds: np.ndarray) -> np.ndarray:
    found, top = np.empty(placed.shape, np.uint8), 0
    for band in placed.unit_bands():
        found[top : top + len(band)] = levels(band, thresholds)
        top += len(band)
    return found


def _hundredths_reached(values: np.ndarray) -> np.ndarray:
    """`levels` of `HUNDREDTHS` for float32 values: ⌊125 v · 0.8⌋ + 1 as float32 rounds the products.

    Rounded products never fall where v rises, so it is enough that they are right at every hundredth and at the float
    just below it. They are, which 100 v is not.
    """
    scaled = values * np.float32(125)
    scaled *= np.float32(0.8)
    reached = scaled.astype(np.uint8)
    reached += 1
    return reached


def _number_in_cells(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """`levels` of any edges: a table of cells of width 1/1024 knows the edges at or below a cell's start.

    The few inside a cell are compared one by one.
    """
    starts = np.arange(_CELLS + 1) / _CELLS
    below = np.searchsorted(edges, starts, side="right").astype(np.uint8)
    inside = int(np.diff(below, append=np.uint8(len(edges))).max())
    reached = below[(values * values.dtype.type(_CELLS)).astype(np.intp)]
    ascending = np.append(edges, np.inf).astype(values.dtype)
    for _ in range(inside):
        reached += values >= ascending[reached]
    return reached
