"""Fixations on other images, brought to one image's size: shuffled AUC's negatives and the centre bias (SPEC §7)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from analysis.metrics.fixations.density import blur_columns, fixation_counts
from analysis.placed_map import Pixels
from vars_core.data.fixations import in_frame

SIZES_KEPT = 8
"""Image sizes whose blurred total is remembered."""


class FixationPool:
    """Everybody's fixations on every image, each as a fraction of its image's width and height.

    ``fixations``: per image id (xs, ys) in pixels; those outside the frame are left out. ``sizes``: per image id
    (height, width). ``sigma``: of the centre bias, in pixels of the image that it is brought to.
    """

    def __init__(
        self, fixations: Mapping[str, tuple[np.ndarray, np.ndarray]], sizes: Mapping[str, tuple[int, int]], sigma: float
    ) -> None:
        across, down = [np.empty(0)], [np.empty(0)]
        self._own: dict[str, slice] = {}
        count = 0
        for name, (height, width) in sizes.items():
            xs, ys = fixations[name]
            kept = in_frame(xs, ys, height, width)
            across.append(xs[kept] / width)
            down.append(ys[kept] / height)
            self._own[name] = slice(count, count + int(kept.sum()))
            count = self._own[name].stop
        self._across, self._down = np.concatenate(across), np.concatenate(down)
        self.sigma = sigma
        self._remember()

    def _remember(self) -> None:
        self._pixels = lru_cache(SIZES_KEPT)(self._pixels_at)
        self._blurred = lru_cache(SIZES_KEPT)(self._blurred_at)

    def __getstate__(self) -> dict[str, Any]:
        """What was remembered stays behind."""
        return {name: value for name, value in vars(self).items() if name not in ("_pixels", "_blurred")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)
        self._remember()

    def __len__(self) -> int:
        return len(self._across)

    def others(self, name: str, shape: tuple[int, int]) -> Pixels:
        """All fixations but those on image ``name``, as pixels of an image of ``shape``."""
        every, own = self._pixels(shape), self._own.get(name, slice(0, 0))
        return Pixels(np.delete(every.rows, own), np.delete(every.columns, own))

    def centre_bias(self, name: str, shape: tuple[int, int]) -> np.ndarray | None:
        """The blurred density of the fixations on all other images, float64 ``shape``, summing to 1.

        None where there are no others. Taken as the blur of all minus the blur of the image's own: blurring is linear.
        """
        own = self._own.get(name, slice(0, 0))
        if len(self) == own.stop - own.start:
            return None
        every = self._pixels(shape)
        down = blur_columns(shape[0], self.sigma, every.rows[own])
        density: np.ndarray = down @ blur_columns(shape[1], self.sigma, every.columns[own]).T
        np.subtract(self._blurred(shape), density, out=density)
        np.maximum(density, 0.0, out=density)  # rounding must not leave less than nothing
        density /= density.sum()
        return density

    def _pixels_at(self, shape: tuple[int, int]) -> Pixels:
        height, width = shape
        rows = np.minimum((self._down * height).astype(np.intp), height - 1)
        columns = np.minimum((self._across * width).astype(np.intp), width - 1)
        return Pixels(rows, columns)

    def _blurred_at(self, shape: tuple[int, int]) -> np.ndarray:
        down, across = (blur_columns(length, self.sigma, np.arange(length)) for length in shape)
        blurred: np.ndarray = down @ fixation_counts(self._pixels(shape), shape) @ across.T
        return blurred
