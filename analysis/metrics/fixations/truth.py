"""What maps of one image are scored against: where it was looked at, and where the other images were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.metrics.fixations.density import fixation_density
from analysis.metrics.fixations.human import LeftOut, Observers
from analysis.metrics.fixations.pool import FixationPool
from analysis.placed_map import Pixels, PlacedMap, shared_centre


@dataclass(frozen=True, eq=False)
class Frame:
    """One image among the others: its ``name`` and ``shape`` (height, width), and everybody's fixations on all of them.

    ``sigma`` is one degree of visual angle in pixels.
    """

    name: str
    shape: tuple[int, int]
    sigma: float
    pool: FixationPool

    @cached_property
    def others(self) -> Pixels:
        """The fixations on all other images, brought to this one's size."""
        return self.pool.others(self.name, self.shape)

    @cached_property
    def centre(self) -> PlacedMap:
        """The centre Gaussian, over whose density information is gained."""
        return shared_centre(*self.shape)


@dataclass(frozen=True, eq=False)
class FixationTruth:
    """The fixations inside the frame, n of them, and whose each is.

    ``observers``: int (n,). ``outside``, ``not_numbers``: how many more were dropped, and why. ``blurred``: the
    fixation density to compare with; None for the blur of ``points``.
    """

    frame: Frame
    points: Pixels
    observers: np.ndarray
    outside: int = 0
    not_numbers: int = 0
    blurred: np.ndarray | None = None

    @cached_property
    def density(self) -> np.ndarray:
        """Everybody's blurred fixations, float64 (height, width), summing to 1."""
        if self.blurred is not None:
            return self.blurred
        return fixation_density(self.points, self.frame.shape, self.frame.sigma)

    @cached_property
    def people(self) -> Observers:
        """The observers, to be held against one another."""
        return Observers(self.points, self.observers, self.frame.shape, self.frame.sigma)

    def of(self, one: LeftOut) -> FixationTruth:
        """One observer's fixations alone."""
        return replace(self, points=one.points, observers=self.observers[one.own])
