"""The human ceiling: how well observers predict one another (SPEC §7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.metrics.fixations.density import blur_columns, sum_of_blurs
from analysis.placed_map import DenseMap, Pixels, PlacedMap
from analysis.saliency import DEGENERATE_RANGE


@dataclass(frozen=True)
class LeftOut:
    """One observer left out: which of all fixations are theirs (bool), these, and the others' map."""

    observer: int
    own: np.ndarray
    points: Pixels
    others: BlurMap


class Observers:
    """Everybody's fixations on one image, blurred by σ; the blur of any group is a product of its points' blurs.

    ``observers``: int (n,), whose each of the points is.
    """

    def __init__(self, points: Pixels, observers: np.ndarray, shape: tuple[int, int], sigma: float) -> None:
        self.points, self.observers, self.shape = points, np.asarray(observers), shape
        self.present = np.unique(self.observers)
        self.down = blur_columns(shape[0], sigma, points.rows)
        self.across = blur_columns(shape[1], sigma, points.columns)

    def left_out(self) -> Iterator[LeftOut]:
        """Each observer against the others. Nothing with one observer."""
        for observer in self.present if len(self.present) > 1 else ():
            own = self.observers == observer
            yield LeftOut(int(observer), own, self.points.keep(own), BlurMap(self, ~own))

    def left_out_nss(self) -> float | None:
        """NSS of each observer's fixations in the others' map, mean over observers; None with one observer."""
        scores = [one.others.z_at(one.points).mean() for one in self.left_out()]
        return float(np.mean(scores)) if scores else None

    def halves(self) -> tuple[BlurMap, BlurMap] | None:
        """The maps of every second observer and of the rest; None with one observer."""
        if len(self.present) < 2:
            return None
        first = np.isin(self.observers, self.present[::2])
        return BlurMap(self, first), BlurMap(self, ~first)

    @cached_property
    def sums(self) -> np.ndarray:
        """The sum of each point's blur over all pixels, (n,)."""
        return np.asarray(self.down.sum(axis=0) * self.across.sum(axis=0))

    @cached_property
    def products(self) -> np.ndarray:
        """The sum of the product of two points' blurs over all pixels, (n, n)."""
        return np.asarray((self.down.T @ self.down) * (self.across.T @ self.across))


class BlurMap(PlacedMap):
    """The density of some observers' blurred fixations, a bool selection of all, float64, summing to 1.

    With every point's blur a product of a column vector and a row vector, values at pixels, and sums and sums of
    squares over all pixels, are sums over (pairs of) points: exact, and without forming the map.
    """

    def __init__(self, observers: Observers, chosen: np.ndarray) -> None:
        self._observers, self._chosen = observers, chosen

    @property
    def shape(self) -> tuple[int, int]:
        return self._observers.shape

    @property
    def degenerate(self) -> bool:
        return not self._deviation > DEGENERATE_RANGE * self._average

    @property
    def mean(self) -> float:
        return 1.0 / self.pixels

    @property
    def std(self) -> float:
        return float(self._deviation / (self._average * self.pixels))

    def at(self, points: Pixels) -> np.ndarray:
        return self._unscaled_at(points) / (self._average * self.pixels)

    def z_at(self, points: Pixels) -> np.ndarray:
        if self.degenerate:
            return np.zeros(len(points))
        return (self._unscaled_at(points) - self._average) / self._deviation  # the scale cancels

    def bands(self) -> Iterator[np.ndarray]:
        people, chosen = self._observers, self._chosen
        blurred = sum_of_blurs(people.down[:, chosen], people.across[:, chosen])
        blurred /= blurred.sum()
        yield blurred

    def unit_bands(self) -> Iterator[np.ndarray]:
        yield from DenseMap(self.array).unit_bands()

    @cached_property
    def density(self) -> np.ndarray:
        return self._formed.density

    def density_at(self, points: Pixels) -> np.ndarray:
        return self._formed.density_at(points)

    @cached_property
    def _formed(self) -> DenseMap:
        return DenseMap(self.array)

    def _unscaled_at(self, points: Pixels) -> np.ndarray:
        down = self._observers.down[np.ix_(points.rows, self._chosen)]
        across = self._observers.across[np.ix_(points.columns, self._chosen)]
        return np.asarray((down * across).sum(axis=1))

    @cached_property
    def _average(self) -> float:
        return float(self._observers.sums[self._chosen].sum() / self.pixels)

    @cached_property
    def _deviation(self) -> float:
        squares = self._observers.products[np.ix_(self._chosen, self._chosen)].sum() / self.pixels
        return float(np.sqrt(max(squares - self._average**2, 0.0)))
