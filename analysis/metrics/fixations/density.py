"""Densities: of fixations, blurred by one degree of visual angle, and of maps."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from analysis.metrics.fixations.scores import is_degenerate

TRUNCATE = 4.0
"""The Gaussian is cut at this many σ."""

UNIFORM_SHARE = 0.01
"""Of a map's density that is spread evenly, so that one fixation on a zero cannot cost infinitely many bits."""


def fixation_counts(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Fixations per pixel, float64 ``shape``; two on the same pixel count as two."""
    flat = np.bincount(np.ravel_multi_index((rows, columns), shape), minlength=shape[0] * shape[1])
    return flat.reshape(shape).astype(np.float64)


def fixation_density(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int], sigma: float) -> np.ndarray:
    """The blurred fixation map, float64 ``shape``, summing to 1; nothing but zeros without fixations.

    ``gaussian_filter(counts, sigma, mode="nearest", truncate=4)``: a point's blur is the product of a column and a row
    of the one-dimensional blur, so n fixations are one (H, n) @ (n, W) product, many times less work than filtering.
    """
    if not len(rows):
        return np.zeros(shape)
    down, across = blur_columns(shape[0], sigma, rows), blur_columns(shape[1], sigma, columns)
    density: np.ndarray = down @ across.T
    return density / density.sum()


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


def blur_map(saliency_map: np.ndarray, sigma: float) -> np.ndarray:
    """A map blurred by σ pixels (nearest padding, cut at 4σ), float64; σ = 0 leaves it."""
    values = np.asarray(saliency_map, dtype=np.float64)
    return gaussian_filter(values, sigma, mode="nearest", truncate=TRUNCATE) if sigma > 0 else values


def map_density(saliency_map: np.ndarray, uniform_share: float = UNIFORM_SHARE) -> np.ndarray:
    """A map read as a density, float64, summing to 1.

    Min-max normalised (SPEC §5), divided by its sum, and mixed with ``uniform_share`` of the uniform density. A
    degenerate map says nothing: uniform.
    """
    values = np.asarray(saliency_map, dtype=np.float64)
    if is_degenerate(values):
        return uniform_density(values.shape)
    return as_density(values - values.min(), uniform_share)


def as_density(normalised_map: np.ndarray, uniform_share: float = UNIFORM_SHARE) -> np.ndarray:
    """A non-negative map, not all zero, divided by its sum and mixed with ``uniform_share`` of the uniform density."""
    density = normalised_map * ((1.0 - uniform_share) / normalised_map.sum())
    density += uniform_share / normalised_map.size
    return density


def uniform_density(shape: tuple[int, ...]) -> np.ndarray:
    """1 / (number of pixels) everywhere."""
    return np.full(shape, 1.0 / np.prod(shape))
