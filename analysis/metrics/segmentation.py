"""Counting masks against ground truth, exactly (SPEC §6).

Ground truth here is an array of *regions*: BACKGROUND, FOREGROUND or VOID per pixel; VOID counts nowhere. All counts
are integers, so sums over images are exact and do not depend on their order; ratios are formed last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from PIL import Image

from analysis.metrics.levels import levels_of
from analysis.placed_map import PlacedMap
from vars_core.data.masks import FOREGROUND, VOID

CURVE_THRESHOLDS = np.arange(101) / 100
"""0, 0.01, …, 1: where IoU is read as a function of the threshold."""

_OBJECT, _IGNORED = 128, 255
"""What is added to a foreground pixel's level, and what stands in place of a void one's (`MOST_LEVELS` is below)."""

_BITS = np.zeros(256, np.uint8)
_BITS[[FOREGROUND, VOID]] = _OBJECT, _IGNORED


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


class GroundTruth:
    """Regions uint8 (H, W) that any number of maps are counted against."""

    def __init__(self, regions: np.ndarray) -> None:
        self._bits = cv2.LUT(regions, _BITS)

    def counts(self, reached: np.ndarray, thresholds: int) -> Counts:
        """Of the masks at each of so many thresholds, int64 (thresholds,), where levels (H, W) say what is reached.

        A pixel's level and region make one byte, so that one histogram of bytes holds every count.
        """
        tally = np.array(Image.fromarray(reached | self._bits).histogram())
        background, foreground = tally[:_OBJECT], tally[_OBJECT:_IGNORED]
        tp, fp = (_at_least(part)[1 : thresholds + 1] for part in (foreground, background))
        return Counts(tp, fp, foreground.sum() - tp, background.sum() - fp, tally[_IGNORED])


def _at_least(tally: np.ndarray) -> np.ndarray:
    """How many lie at each level or above."""
    return tally[::-1].cumsum()[::-1]


def count_map(placed: PlacedMap, truth: GroundTruth, thresholds: np.ndarray) -> Counts:
    """Counts of a map on its image, scaled to [0, 1], at every threshold in one pass: those of ``cut_map`` at each.

    ``thresholds``: (K,), ascending, in [0, 1], at most `MOST_LEVELS`; rounded to the map's precision. The counts are
    int64 (K,); void ones are the same at each.
    """
    return truth.counts(levels_of(placed, thresholds), len(thresholds))


def cut_map(placed: PlacedMap, threshold: float) -> np.ndarray:
    """Bool (H, W): where a map on its image, scaled to [0, 1], reaches the threshold; `count_map` counts it."""
    return np.concatenate([mask_at(band, threshold) for band in placed.unit_bands()])


def iou(tp: np.ndarray | float, fp: np.ndarray | float, fn: np.ndarray | float) -> np.ndarray:
    """TP / (TP + FP + FN); 1 where nothing is there and nothing is claimed."""
    union = np.asarray(tp + fp + fn, dtype=np.float64)
    return np.where(union > 0, tp / np.maximum(union, 1.0), 1.0)


def fraction_of_pixels(count: np.ndarray | float, pixels: np.ndarray | float) -> np.ndarray:
    """FP or FN as a fraction of all non-void pixels (the paper's definition); 0 where every pixel is void."""
    return np.asarray(count / np.maximum(pixels, 1.0), dtype=np.float64)
