"""Everything about one map against an image's fixations: what a person looking at one photograph is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.metrics.fixations.human import Observers
from analysis.metrics.fixations.scores import auc_judd
from analysis.placed_map import Pixels, PlacedMap

Z_EDGES = np.linspace(-4.0, 8.0, 49)
"""Of the histogram; what lies beyond belongs to the outermost bins."""


@dataclass(frozen=True, eq=False)
class MapScore:
    """One map against n fixations: ``z`` (n,), their mean ``nss``, ``auc``; ``everywhere``: pixels in each z bin."""

    z: np.ndarray
    nss: float
    auc: float
    everywhere: np.ndarray
    degenerate: bool = False


def score_map(placed: PlacedMap, points: Pixels) -> MapScore:
    """NSS, AUC-Judd and the histogram over all pixels of a map with at least one fixation."""
    z = placed.z_at(points)
    return MapScore(z, float(z.mean()), auc_judd(placed, points), z_histogram(placed), placed.degenerate)


def z_histogram(placed: PlacedMap) -> np.ndarray:
    """How many pixels have their z-value in each bin of `Z_EDGES`, int (bins,)."""
    if placed.degenerate:  # z is 0 everywhere
        everywhere = np.zeros(len(Z_EDGES) - 1, dtype=np.int64)
        everywhere[np.searchsorted(Z_EDGES, 0.0, side="right") - 1] = placed.pixels
        return everywhere
    edges = placed.mean + placed.std * Z_EDGES[1:-1]
    below = sum(np.searchsorted(band, edges, side="left").astype(np.int64) for band in placed.sorted_bands())
    return np.diff(np.concatenate([[0], below, [placed.pixels]]))


def human_nss(points: Pixels, observers: np.ndarray, shape: tuple[int, int], sigma: float) -> float | None:
    """How well the others' blurred fixations predict each observer's, mean over observers (SPEC §7).

    ``observers``: their names, (n,). None with fewer than two.
    """
    _, numbers = np.unique(observers.astype(str), return_inverse=True)
    return Observers(points, numbers, shape, sigma).left_out_nss()
