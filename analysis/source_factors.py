"""A layer's map on its source image as a product of three matrices (SPEC §5, §7).

Upsampling to the model's pixels, placing on the source and blurring all act on rows and columns independently and
linearly: map on the source = rows @ map @ columnsᵀ. So values at single pixels, and mean and spread over all pixels,
follow from the small map without the large one, which makes scoring many layers, readouts and iterates cheap.

Fixations are scored in double precision (`source_factors`). Masks are cut in single precision, at the very values
that ``Placement.to_source`` gives (`single_factors`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from analysis.in_cache import stretches
from vars_core.image_size import height_and_width
from vars_core.images import Placement

STEPS = 2.0**40

TRUNCATE = 4.0
"""A Gaussian is cut at this many σ."""


@dataclass(frozen=True, eq=False)
class SourceFactors:
    """``rows`` (height, h) and ``columns`` (width, w), float64 or float32; each row of either sums to 1."""

    rows: np.ndarray
    columns: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the image."""
        return len(self.rows), len(self.columns)

    @property
    def dtype(self) -> np.dtype:
        """The precision that maps are placed in."""
        return self.rows.dtype

    def place(self, small_map: np.ndarray) -> np.ndarray:
        """(h, w) → (height, width)."""
        placed: np.ndarray = self.rows @ np.asarray(small_map, dtype=self.dtype) @ self.columns.T
        return placed

    def band(self, small_map: np.ndarray, rows: slice) -> np.ndarray:
        """Some rows of a map (h, w) in [0, 1] as placed: (k, width) in [0, 1], see `finished`."""
        down, across = self.rows[rows] @ np.asarray(small_map, dtype=self.dtype), self.columns.T
        band = np.empty((len(down), across.shape[1]), self.dtype)
        for few in stretches(len(band), band[:1].nbytes):
            self._finish(np.matmul(down[few], across, out=band[few]))
        return band

    def finished(self, values: np.ndarray) -> np.ndarray:
        """Values of a placed map, cut to [0, 1], beyond which rounding may have taken them; float64 in steps of 2⁻⁴⁰.

        Along an edge a placed map does not change, but sums of products there differ in their last bits. What is equal
        must stay equal for scores that look at ranks, which are taken in double precision alone.
        """
        copy = values.copy()
        self._finish(copy)
        return copy

    def _finish(self, values: np.ndarray) -> None:
        """`finished`, in place."""
        if values.dtype == np.float64:
            values *= STEPS
            np.rint(values, out=values)
            values /= STEPS
        np.clip(values, 0.0, 1.0, out=values)

    def at(self, small_maps: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Values of the placed maps at n pixels: (K, h, w) → (K, n)."""
        across = np.asarray(small_maps, dtype=np.float64) @ self.columns[columns].T
        values: np.ndarray = np.einsum("khn,nh->kn", across, self.rows[rows])
        return values

    def mean_and_std(self, small_maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and population standard deviation of the placed maps over all pixels: (K, h, w) → (K,), (K,).

        Maps are centred first. Placing keeps constants, and squares of small numbers cancel no digits.
        """
        maps = np.asarray(small_maps, dtype=np.float64)
        offset = maps.mean(axis=(1, 2))
        centred = maps - offset[:, None, None]
        (row_means, row_products), (column_means, column_products) = self._moments
        means = np.einsum("i,kij,j->k", row_means, centred, column_means, optimize=True)
        squares = ((row_products @ centred @ column_products) * centred).sum(axis=(1, 2))
        variances = squares / (len(self.rows) * len(self.columns)) - means**2
        return offset + means, np.sqrt(np.maximum(variances, 0.0))

    @cached_property
    def _moments(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of the rows and of the columns: the mean over the image's pixels, (h,), and the sum of products, (h, h)."""
        return [(factor.mean(axis=0), factor.T @ factor) for factor in (self.rows, self.columns)]


@lru_cache(maxsize=256)
def source_factors(placement: Placement, grid: tuple[int, int], blur: float = 0.0) -> SourceFactors:
    """The factors of ``placement.to_source`` for maps on ``grid``, then a Gaussian blur of σ = ``blur`` pixels."""
    left, top, right, bottom = placement.box
    seen_height, seen_width = height_and_width(placement.size)
    covered_height, covered_width = height_and_width(placement.covered)
    upsampled_rows = _interpolation(seen_height, 0.0, covered_height, grid[0])
    upsampled_columns = _interpolation(seen_width, 0.0, covered_width, grid[1])
    rows = _interpolation(placement.height, top, bottom, seen_height) @ upsampled_rows
    columns = _interpolation(placement.width, left, right, seen_width) @ upsampled_columns
    if blur > 0:
        from scipy.ndimage import gaussian_filter1d

        rows, columns = (
            gaussian_filter1d(factor, blur, axis=0, mode="nearest", truncate=TRUNCATE) for factor in (rows, columns)
        )
    return SourceFactors(rows, columns)


@lru_cache(maxsize=256)
def single_factors(placement: Placement, grid: tuple[int, int]) -> SourceFactors:
    """The factors of ``placement.to_source`` for maps on ``grid`` in float32: 50 times less work than resizing twice.

    They are read off ``to_source`` itself by placing maps that are one along a single row (column), looked at along the
    image's middle column (row), which every policy shows.
    """
    h, w = grid
    rows = [placement.to_source(_stripe(h, w, row=i))[:, placement.width // 2] for i in range(h)]
    columns = [placement.to_source(_stripe(h, w, column=j))[placement.height // 2, :] for j in range(w)]
    return SourceFactors(np.stack(rows, axis=1).astype(np.float32), np.stack(columns, axis=1).astype(np.float32))


def _stripe(h: int, w: int, row: int | slice = slice(None), column: int | slice = slice(None)) -> np.ndarray:
    stripe = np.zeros((h, w), np.float32)
    stripe[row, column] = 1.0
    return stripe


def _interpolation(length: int, start: float, end: float, samples: int) -> np.ndarray:
    """Linear interpolation at pixels 0..length−1 of ``samples`` points spread over [start, end], (length, samples).

    Pixel i covers [i, i + 1]; beyond the outermost points their value is continued.
    """
    positions = (np.arange(length) + 0.5 - start) * (samples / (end - start)) - 0.5
    positions = np.clip(positions, 0, samples - 1)
    below = np.minimum(positions.astype(np.intp), max(samples - 2, 0))
    share = positions - below
    matrix = np.zeros((length, samples))
    pixel = np.arange(length)
    matrix[pixel, below] = 1.0 - share
    matrix[pixel, np.minimum(below + 1, samples - 1)] += share
    return matrix
