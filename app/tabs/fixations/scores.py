"""A map against fixations, live: NSS and AUC-Judd in float64 at the photograph's size (SPEC §7), without the model.

A placed map is rows @ map @ columnsᵀ (`analysis.source_factors`), and so is the centre Gaussian. Values at fixations,
mean and spread follow from the factors; ranks need every pixel, which are formed in bands, so that a large photograph
costs time but no memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.baselines import centre_gaussian
from analysis.metrics.fixations import pixels_of
from analysis.metrics.fixations.human import Observers
from analysis.saliency import normalise_map
from analysis.source_factors import STEPS, source_factors
from app.inference.traced import Traced
from app.library.fixation_points import Points
from vars_core.images import Placement

BAND = 500_000
"""Pixels that are formed at once."""

Z_EDGES = np.linspace(-4.0, 8.0, 49)
"""Of the histogram; what lies beyond belongs to the outermost bins."""


@dataclass(frozen=True, eq=False)
class PlacedMap:
    """rows (H, k) @ core (k, l) @ columns (W, l)ᵀ: a map on the photograph, float64, in [0, 1]."""

    rows: np.ndarray
    core: np.ndarray
    columns: np.ndarray

    @property
    def pixels(self) -> int:
        return len(self.rows) * len(self.columns)

    def at(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Values at n pixels, (n,)."""
        values: np.ndarray = ((self.rows[rows] @ self.core) * self.columns[columns]).sum(axis=1)
        return values

    def mean_and_std(self) -> tuple[float, float]:
        """Over all pixels, population standard deviation."""
        mean = self.rows.mean(axis=0) @ self.core @ self.columns.mean(axis=0)
        square = ((self.rows.T @ self.rows) @ self.core @ (self.columns.T @ self.columns) * self.core).sum()
        return float(mean), float(np.sqrt(max(square / self.pixels - mean**2, 0.0)))

    def sorted_bands(self) -> Iterator[np.ndarray]:
        """All pixels, a band of rows after the other, sorted within each; in steps as `place_normalised` has them."""
        height = max(1, BAND // len(self.columns))
        right = self.core @ self.columns.T
        for top in range(0, len(self.rows), height):
            band = stepped(self.rows[top : top + height] @ right)
            yield np.sort(band, axis=None)


@dataclass(frozen=True, eq=False)
class MapScore:
    """One map against n fixations: ``z`` (n,), their mean ``nss``, ``auc``; ``everywhere``: pixels in each z bin."""

    z: np.ndarray
    nss: float
    auc: float
    everywhere: np.ndarray
    degenerate: bool = False


@dataclass(frozen=True, eq=False)
class Scores:
    """What the tab shows.

    Attributes:
        kept: bool, which of the given points lie inside the frame; ``map.z`` and ``centre.z`` belong to those.
        map, centre: the model's map at the chosen iterate, and the centre Gaussian.
        by_iterate: NSS of every iterate, (T+1,).
        human: leave-one-observer-out NSS, None with fewer than two observers.
    """

    kept: np.ndarray
    map: MapScore
    centre: MapScore
    by_iterate: np.ndarray
    human: float | None


def score(
    height: int, width: int, traced: Traced, layer: str, readout: str, iteration: int, points: Points
) -> Scores | None:
    """Score one map of a traced photograph of height × width; None without a fixation inside the frame.

    Raises:
        InputError: no such layer or readout.
    """
    iteration = min(iteration, traced.layer(layer).num_steps)
    traced.map(layer, readout, iteration)  # checks the names
    rows, columns, kept = pixels_of(points.xs, points.ys, height, width)
    if not len(rows):
        return None
    iterates = [normalise_map(one.astype(np.float64)) for one in traced.layer(layer).maps[readout]]
    factors = source_factors(Placement(height, width, traced.model.image_size), traced.layer(layer).grid)
    placed = [PlacedMap(factors.rows, one, factors.columns) for one, _ in iterates]
    flat = [degenerate for _, degenerate in iterates]
    by_iterate = [z_values(one, rows, columns, f).mean() for one, f in zip(placed, flat, strict=True)]
    return Scores(
        kept=kept,
        map=score_map(placed[iteration], rows, columns, flat[iteration]),
        centre=score_map(centre(height, width), rows, columns),
        by_iterate=np.array(by_iterate),
        human=human_nss(points, kept, rows, columns, (height, width)),
    )


def score_map(placed: PlacedMap, rows: np.ndarray, columns: np.ndarray, degenerate: bool = False) -> MapScore:
    """NSS, AUC-Judd (ties ½, against all pixels not fixated) and the histogram, in one pass over the pixels."""
    z = z_values(placed, rows, columns, degenerate)
    if degenerate:
        everywhere = np.zeros(len(Z_EDGES) - 1, dtype=np.int64)
        everywhere[np.searchsorted(Z_EDGES, 0.0, side="right") - 1] = placed.pixels
        return MapScore(z, 0.0, 0.5, everywhere, degenerate=True)
    fixated = stepped(placed.at(rows, columns))
    mean, std = placed.mean_and_std()
    below = np.zeros(len(rows), dtype=np.int64)
    up_to = np.zeros(len(rows), dtype=np.int64)
    inner = np.zeros(len(Z_EDGES) - 2, dtype=np.int64)
    for band in placed.sorted_bands():
        below += np.searchsorted(band, fixated, side="left")
        up_to += np.searchsorted(band, fixated, side="right")
        inner += np.searchsorted(band, mean + std * Z_EDGES[1:-1], side="left")
    _, once = np.unique(rows * len(placed.columns) + columns, return_index=True)  # fixated pixels are no negatives
    own = np.sort(fixated[once])
    below -= np.searchsorted(own, fixated, side="left")
    up_to -= np.searchsorted(own, fixated, side="right")
    rest = placed.pixels - len(own)
    auc = float((below + up_to).sum() / (2.0 * rest * len(rows))) if rest else np.nan
    everywhere = np.diff(np.concatenate([[0], inner, [placed.pixels]]))
    return MapScore(z, float(z.mean()), auc, everywhere)


def z_values(placed: PlacedMap, rows: np.ndarray, columns: np.ndarray, degenerate: bool = False) -> np.ndarray:
    """(map − mean) / std at n pixels, (n,); 0 for a degenerate map."""
    mean, std = placed.mean_and_std()
    if degenerate or std <= 1e-9 * abs(mean):
        return np.zeros(len(rows))
    return (placed.at(rows, columns) - mean) / std


def centre(height: int, width: int) -> PlacedMap:
    """`analysis.baselines.centre_gaussian`, which is a column times a row."""
    return PlacedMap(centre_gaussian(height, 1), np.ones((1, 1)), centre_gaussian(1, width).T)


def human_nss(
    points: Points, kept: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]
) -> float | None:
    """How well the others' blurred fixations predict each observer's, mean over observers (SPEC §7)."""
    if points.sigma is None:
        return None
    _, observers = np.unique(points.observers[kept].astype(str), return_inverse=True)
    left_out = Observers(rows, columns, observers, shape, points.sigma).left_out_nss()
    return float(np.mean([values.mean() for values in left_out.values()])) if left_out else None


def stepped(values: np.ndarray) -> np.ndarray:
    """In steps of 2⁻⁴⁰: what is equal stays equal whatever the order of summation."""
    stepped: np.ndarray = np.rint(values * STEPS) / STEPS
    return stepped
