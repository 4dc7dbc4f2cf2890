"""Scores of one image: what it is compared with, prepared once, and the chosen metrics of any map of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.metrics.fixations.density import UNIFORM_SHARE, fixation_density, map_density, uniform_density
from analysis.metrics.fixations.human import Observers
from analysis.metrics.fixations.pool import FixationPool
from analysis.metrics.fixations.scores import auc_judd, cc, information_gain, kl, shuffled_auc, sim
from analysis.runs import Row

METRICS = ("nss", "auc_judd", "sauc", "cc", "sim", "kl", "ig")
"""Per image; ``nss`` is always computed."""

MAP_METRICS = ("auc_judd", "sauc", "cc", "sim", "kl")
"""Those that need the map at every pixel."""

EXPLAINED = {
    "nss": "normalised scanpath saliency, population std; mean over an image's fixations, then over images",
    "nss_fixation_mean": "the same, mean over all fixations of all images",
    "auc_judd": "area under the ROC of fixations against all pixels that are not fixated, exact area, ties ½",
    "sauc": "the same against all fixations on all other images, brought to this image's size",
    "cc": "Pearson correlation with the fixation density (fixations blurred by σ, nearest padding, cut at 4σ)",
    "sim": "intersection of the map's density and the fixation density",
    "kl": "KL(fixation density ‖ map's density), nats; lower is better",
    "ig": "information gain over the centre Gaussian's density, bits per fixation",
}
"""Each variant exactly; a map's density is the min-max normalised map over its sum, mixed with 1 % uniform."""


@dataclass(frozen=True)
class Truth:
    """Where an image of ``shape`` (height, width) was looked at.

    ``rows``, ``columns``, ``observers``: int (n,) of the fixations inside the frame; ``outside`` and ``not_numbers``
    count those dropped; ``sigma`` is one degree of visual angle in pixels.
    """

    name: str
    shape: tuple[int, int]
    rows: np.ndarray
    columns: np.ndarray
    observers: np.ndarray
    outside: int
    not_numbers: int
    sigma: float

    @cached_property
    def density(self) -> np.ndarray:
        """Everybody's blurred fixations, float64 ``shape``, summing to 1."""
        return fixation_density(self.rows, self.columns, self.shape, self.sigma)


class ObserverSums:
    """z-values summed over an image's fixations, in all and by observer. ``observers`` int (n,), of ``count``."""

    def __init__(self, observers: np.ndarray, count: int) -> None:
        self._observers = observers
        self._number = np.bincount(observers, minlength=count)

    def row(self, z: np.ndarray) -> Row:
        """The NSS columns of a row, from the z-value of each fixation (n,)."""
        total = float(z.sum())
        return {
            "nss_sum": total,
            "nss": total / len(z),
            "observer_fixations": self._number,
            "observer_nss_sum": np.bincount(self._observers, weights=z, minlength=len(self._number)),
        }


class ImageScores:
    """The chosen ``metrics`` of maps of one image.

    ``baseline`` makes the density over which information is gained; ``pool``: the other images' fixations.
    """

    def __init__(
        self, truth: Truth, metrics: Sequence[str], baseline: Callable[[], np.ndarray], pool: FixationPool
    ) -> None:
        self.truth = truth
        self.metrics = frozenset(metrics)
        self.pool = pool
        self._make_baseline = baseline
        self.needs_map = bool(self.metrics & set(MAP_METRICS))

    @cached_property
    def baseline(self) -> np.ndarray:
        """The density over which information is gained, float64 (H, W)."""
        return self._make_baseline()

    def of_baseline(self, baseline: np.ndarray) -> Row:
        """All metrics but NSS of a map that is no model's, float64 (H, W)."""
        if not self.metrics - {"nss"}:
            return {}
        density = map_density(baseline)
        row = self.of_map(baseline, density)
        if "ig" in self.metrics:
            row["ig"] = float(information_gain(density, self.baseline, self.truth.rows, self.truth.columns).mean())
        return row

    def of_map(self, placed: np.ndarray, density: np.ndarray | None) -> Row:
        """The metrics that look at every pixel, of a map (H, W) and its density; None for a degenerate map's."""
        truth, row = self.truth, {}
        predicted = uniform_density(truth.shape) if density is None else density
        if "auc_judd" in self.metrics:
            row["auc_judd"] = auc_judd(placed, truth.rows, truth.columns)
        if "sauc" in self.metrics:
            row["sauc"] = shuffled_auc(placed, truth.rows, truth.columns, *self._others)
        if "cc" in self.metrics:
            row["cc"] = cc(placed, truth.density)
        return _known(row | self._against(predicted, truth.density))

    def gain_of_values(self, values: np.ndarray, mean: float) -> float:
        """Information gain of a normalised map from its values at the fixations (n,) and its mean over all pixels."""
        pixels = self.truth.shape[0] * self.truth.shape[1]
        share = values / mean if mean > 0 else np.ones(len(values))  # a degenerate map says: uniform
        density = ((1.0 - UNIFORM_SHARE) * share + UNIFORM_SHARE) / pixels
        return float((np.log2(density) - np.log2(self.baseline[self.truth.rows, self.truth.columns])).mean())

    def of_left_out(self, observers: Observers) -> Row:
        """Humans: the metrics at fixations, each observer against the others' density, averaged over observers."""
        wanted = self.metrics & {"auc_judd", "sauc", "ig"}
        found: dict[str, list[float]] = {name: [] for name in METRICS if name in wanted}
        for one in observers.left_out() if wanted else ():
            if "auc_judd" in wanted:
                found["auc_judd"].append(auc_judd(one.density, one.rows, one.columns))
            if "sauc" in wanted:
                found["sauc"].append(shuffled_auc(one.density, one.rows, one.columns, *self._others))
            if "ig" in wanted:
                gain = information_gain(map_density(one.density), self.baseline, one.rows, one.columns)
                found["ig"].append(float(gain.mean()))
        return _known({name: float(np.mean(values)) for name, values in found.items() if values})

    def of_halves(self, observers: Observers) -> Row:
        """Humans: the metrics of densities, one half of the observers against the other, both ways averaged."""
        halves = observers.halves() if self.metrics & {"cc", "sim", "kl"} else None
        if halves is None:
            return {}
        ways = [self._against(map_density(a), b) for a, b in (halves, halves[::-1])]
        row = {name: float(np.mean([way[name] for way in ways])) for name in ways[0]}
        return row | ({"cc": cc(*halves)} if "cc" in self.metrics else {})

    def _against(self, predicted: np.ndarray, density: np.ndarray) -> Row:
        row: Row = {}
        if "sim" in self.metrics:
            row["sim"] = sim(predicted, density)
        if "kl" in self.metrics:
            row["kl"] = kl(predicted, density)
        return row

    @cached_property
    def _others(self) -> tuple[np.ndarray, np.ndarray]:
        return self.pool.others(self.truth.name, self.truth.shape)


def _known(row: Row) -> Row:
    """NaN (no other image, no other pixel) becomes null."""
    return {name: None if np.isnan(value) else value for name, value in row.items()}
