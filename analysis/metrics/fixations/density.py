"""The density of fixations: each blurred by one degree of visual angle."""

from __future__ import annotations

import numpy as np

from analysis.placed_map import Pixels
from analysis.source_factors import TRUNCATE

ROWS_AT_ONCE = 64
"""Of a sum of blurs."""


def fixation_counts(points: Pixels, shape: tuple[int, int]) -> np.ndarray:
    """Fixations per pixel, float64 ``shape``; two on the same pixel count as two."""
    flat = np.bincount(np.ravel_multi_index((points.rows, points.columns), shape), minlength=shape[0] * shape[1])
    return flat.reshape(shape).astype(np.float64)


def fixation_density(points: Pixels, shape: tuple[int, int], sigma: float) -> np.ndarray:
    """The blurred fixation map, float64 ``shape``, summing to 1; nothing but zeros without fixations.

    ``gaussian_filter(counts, sigma, mode="nearest", truncate=4)``: a point's blur is the product of a column and a row
    of the one-dimensional blur, so n fixations are one (H, n) @ (n, W) product, many times less work than filtering.
    """
    if not len(points):
        return np.zeros(shape)
    down, across = blur_columns(shape[0], sigma, points.rows), blur_columns(shape[1], sigma, points.columns)
    density = sum_of_blurs(down, across)
    density /= density.sum()
    return density


def sum_of_blurs(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Σ_k down[:, k] across[:, k]ᵀ of n points' blurs along each axis, (H, n) and (W, n): float64 (H, W).

    Some rows at a time, of the points whose blur reaches them: most are too far away, and add nothing but zeros.
    """
    total = np.empty((len(down), len(across)))
    for top in range(0, len(down), ROWS_AT_ONCE):
        rows = slice(top, top + ROWS_AT_ONCE)
        near = down[rows].any(axis=0)
        np.matmul(down[rows, near], across[:, near].T, out=total[rows])
    return total


def blur_columns(length: int, sigma: float, at: np.ndarray) -> np.ndarray:
    """How single points blur along one axis, float64 (length, n): column k is the blur of a 1 at index ``at[k]``.

    These are columns of the matrix of scipy's ``gaussian_filter1d(mode="nearest", truncate=4)``: what falls over an
    edge belongs to the edge's own point.
    """
    radius = int(TRUNCATE * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights /= weights.sum()
    offset = np.arange(length)[:, None] - np.asarray(at)[None, :]
    columns = np.where(np.abs(offset) <= radius, weights[np.clip(offset + radius, 0, 2 * radius)], 0.0)
    reach = np.arange(length)  # distance from an edge
    beyond = np.where(reach <= radius, np.cumsum(weights)[np.clip(radius - reach, 0, None)], 0.0)
    first, last = np.asarray(at) == 0, np.asarray(at) == length - 1
    columns[:, first] = beyond[:, None]
    columns[:, last] = beyond[::-1, None]
    if length == 1:
        columns[:] = 1.0
    return columns
