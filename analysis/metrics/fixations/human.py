"""The human ceiling: how well observers predict one another (SPEC §7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.metrics.fixations.density import blur_columns


@dataclass(frozen=True)
class LeftOut:
    """One observer left out: their fixations and the density of all others on the image.

    ``density`` float64 (H, W), summing to 1; ``rows``, ``columns`` (n,): the observer's own pixels.
    """

    observer: int
    density: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


class Observers:
    """Everybody's fixations on one image, blurred by σ; the blur of any group is a product of its points' blurs.

    Args:
        rows, columns: int (n,), pixels.
        observers: int (n,), whose each is.
    """

    def __init__(
        self, rows: np.ndarray, columns: np.ndarray, observers: np.ndarray, shape: tuple[int, int], sigma: float
    ) -> None:
        self.rows, self.columns, self.observers = rows, columns, np.asarray(observers)
        self.present = np.unique(self.observers)
        self._down = blur_columns(shape[0], sigma, rows)
        self._across = blur_columns(shape[1], sigma, columns)

    def density(self, chosen: np.ndarray) -> np.ndarray:
        """The density of a bool selection of fixations, float64 (H, W), summing to 1."""
        blurred: np.ndarray = self._down[:, chosen] @ self._across[:, chosen].T
        return blurred / blurred.sum()

    def left_out_nss(self) -> dict[int, np.ndarray]:
        """For each observer the NSS values of their fixations in the others' blurred map. Empty with one observer.

        Exact, and without forming a map: with every point's blur a product of a column vector and a row vector, values
        at fixations, and sums and sums of squares over all pixels, are sums over pairs of points.
        """
        pixels = len(self._down) * len(self._across)
        at_fixation = self._down[self.rows] * self._across[self.columns]  # (n, n): point j's blur at fixation i
        sums = self._down.sum(axis=0) * self._across.sum(axis=0)  # (n,)
        products = (self._down.T @ self._down) * (self._across.T @ self._across)  # (n, n)
        scores = {}
        for observer in self.present if len(self.present) > 1 else ():
            own = self.observers == observer
            values = at_fixation[np.ix_(own, ~own)].sum(axis=1)
            mean = sums[~own].sum() / pixels
            std = np.sqrt(max(products[np.ix_(~own, ~own)].sum() / pixels - mean**2, 0.0))
            scores[int(observer)] = (values - mean) / std if std > 1e-9 * mean else np.zeros(len(values))
        return scores

    def left_out(self) -> Iterator[LeftOut]:
        """Each observer against the others. Nothing with one observer."""
        for observer in self.present if len(self.present) > 1 else ():
            own = self.observers == observer
            yield LeftOut(int(observer), self.density(~own), self.rows[own], self.columns[own])

    def halves(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Densities of every second observer and of the rest; None with one observer."""
        if len(self.present) < 2:
            return None
        first = np.isin(self.observers, self.present[::2])
        return self.density(first), self.density(~first)
