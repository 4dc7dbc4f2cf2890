"""Counting masks against ground truth, exactly (SPEC §6).

Ground truth here is an array of *regions*: BACKGROUND, FOREGROUND or VOID per pixel; VOID counts nowhere. All counts
are integers, so sums over images are exact and do not depend on their order; ratios are formed last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.in_cache import stretches
from analysis.placed_map import PlacedMap
from vars_core.data.masks import BACKGROUND, FOREGROUND

CURVE_THRESHOLDS = np.arange(101) / 100
"""0, 0.01, …, 1: where IoU is read as a function of the threshold."""

HUNDREDTHS = CURVE_THRESHOLDS.astype(np.float32)
"""`CURVE_THRESHOLDS` as a map in single precision meets them."""

_CELLS = 1024  # a power of two: scaling a float by it is exact, so a value's cell is never off by one


@dataclass(frozen=True)
class Counts:
    """Pixels of masks against their ground truths: true/false positives/negatives, and void ones.

    Whole numbers for one mask; arrays of one shape for several, or for sums over several.
    """

    tp: Any
    fp: Any
    fn: Any
    tn: Any
    void: Any = 0

    @property
    def counted(self) -> Any:
        """Pixels that are not void."""
        return self.tp + self.fp + self.fn + self.tn


def mask_at(normalised_map: np.ndarray, threshold: float) -> np.ndarray:
    """Bool (H, W): where a map in [0, 1] reaches the threshold; the threshold is rounded to the map's own precision."""
    return normalised_map >= normalised_map.dtype.type(threshold)


def count_mask(mask: np.ndarray, truth: np.ndarray) -> Counts:
    """Counts of a bool mask (H, W) against regions (H, W)."""
    tally = np.bincount((truth.astype(np.intp) * 2 + mask).ravel(), minlength=6)
    tn, fp, fn, tp, void_out, void_in = (int(number) for number in tally)
    return Counts(tp, fp, fn, tn, void_out + void_in)


def count_at_thresholds(
    normalised_map: np.ndarray, truth: np.ndarray, thresholds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """True and false positives at every threshold in one pass, equal to counting ``mask_at`` for each.

    ``normalised_map``: (H, W) in [0, 1], float32 or float64. ``truth``: regions (H, W). ``thresholds``: (K,),
    ascending, in [0, 1]; rounded to the map's precision, as ``mask_at`` does. Returns (tp, fp), each int64 (K,).
    """
    edges = thresholds.astype(normalised_map.dtype)
    bins = len(edges) + 1
    keys = np.uint16 if 3 * bins <= 1 << 16 else np.intp
    values, regions = normalised_map.ravel(), truth.ravel()
    tally = np.zeros(3 * bins, np.int64)
    for part in stretches(values.size):
        reached = _number_reached(values[part], edges).astype(keys, copy=False)
        tally += np.bincount(reached + np.multiply(regions[part], bins, dtype=keys), minlength=3 * bins)
    at_least = tally.reshape(3, bins)[:, ::-1].cumsum(axis=1)[:, ::-1]  # [region, k]: reach at least k thresholds
    return at_least[FOREGROUND, 1:], at_least[BACKGROUND, 1:]


def count_map(placed: PlacedMap, truth: np.ndarray, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`count_at_thresholds` of a map on its image, scaled to [0, 1]; a large one band by band."""
    tp = fp = np.zeros(len(thresholds), np.int64)
    top = 0
    for band in placed.unit_bands():
        more = count_at_thresholds(band, truth[top : top + len(band)], thresholds)
        tp, fp, top = tp + more[0], fp + more[1], top + len(band)
    return tp, fp


def cut_map(placed: PlacedMap, threshold: float) -> np.ndarray:
    """Bool (H, W): where a map on its image, scaled to [0, 1], reaches the threshold; `count_map` counts it."""
    return np.concatenate([mask_at(band, threshold) for band in placed.unit_bands()])


def _number_reached(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many of the ascending ``edges`` each value in [0, 1] reaches (value >= edge), exactly, as integers.

    The same as ``np.searchsorted(edges, values, side="right")``, many times faster.
    """
    if np.array_equal(edges, HUNDREDTHS) and values.dtype == np.float32:
        return _hundredths_reached(values)
    return _number_in_cells(values, edges)


def _hundredths_reached(values: np.ndarray) -> np.ndarray:
    """`_number_reached` of `HUNDREDTHS` for float32 values, uint16: ⌊125 v · 0.8⌋ + 1 as float32 rounds the products.

    Rounded products never fall where v rises, so it is enough that they are right at every hundredth and at the float
    just below it. They are, which 100 v is not.
    """
    scaled = values * np.float32(125)
    scaled *= np.float32(0.8)
    reached = scaled.astype(np.uint16)
    reached += 1
    return reached


def _number_in_cells(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """`_number_reached` of any edges: a table of cells of width 1/1024 knows the edges at or below a cell's start.

    The few inside a cell are compared one by one.
    """
    starts = np.arange(_CELLS + 1) / _CELLS
    below = np.searchsorted(edges, starts, side="right")
    inside = np.diff(np.append(below, len(edges))).max()
    reached = below[(values * values.dtype.type(_CELLS)).astype(np.intp)]
    ascending = np.append(edges, np.inf).astype(values.dtype)
    for _ in range(inside):
        reached += values >= ascending[reached]
    return reached


def iou(tp: np.ndarray | float, fp: np.ndarray | float, fn: np.ndarray | float) -> np.ndarray:
    """TP / (TP + FP + FN); 1 where nothing is there and nothing is claimed."""
    union = np.asarray(tp + fp + fn, dtype=np.float64)
    return np.where(union > 0, tp / np.maximum(union, 1.0), 1.0)


def fraction_of_pixels(count: np.ndarray | float, pixels: np.ndarray | float) -> np.ndarray:
    """FP or FN as a fraction of all non-void pixels (the paper's definition); 0 where every pixel is void."""
    return np.asarray(count / np.maximum(pixels, 1.0), dtype=np.float64)
