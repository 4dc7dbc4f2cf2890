"""The scores of a map against fixations, each with its source.

Maps are `analysis.placed_map.PlacedMap`, fixations its ``Pixels``. Every fixation counts, two on one pixel twice. A map
without any variation scores NSS 0, CC 0, AUC ½ (SPEC §7).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.in_cache import stretches
from analysis.metrics.fixations.ranks import twice_below, twice_below_sorted
from analysis.placed_map import Pixels, PlacedMap
from analysis.saliency import is_degenerate

TINY = np.finfo(np.float64).tiny


def nss(placed: PlacedMap, points: Pixels) -> float:
    """Normalised scanpath saliency: the mean of (map − mean) / population std at the fixations; NaN without any.

    Peters, Iyer, Itti and Koch 2005.
    """
    return float(placed.z_at(points).mean()) if len(points) else np.nan


def auc_judd(placed: PlacedMap, points: Pixels) -> float:
    """Area under the ROC curve of fixations against all pixels that are not fixated, ties ½.

    Judd, Ehinger, Durand and Torralba 2009, the area taken exactly: equal to scikit-learn's ``roc_auc_score``. The
    often-used toolbox joins the curve's points at the fixations' values by straight lines instead.
    """
    if placed.degenerate:
        return 0.5 if len(points) else np.nan
    values = placed.ranked_at(points)
    own = np.sort(values[_once(points, placed.shape)])  # fixated pixels are no negatives
    rest = placed.pixels - len(own)
    if not len(values) or not rest:
        return np.nan
    twice = sum(twice_below(values, band) for band in placed.kept_bands()) - twice_below_sorted(values, own)
    return float(twice / (2.0 * len(values) * rest))


def shuffled_auc(placed: PlacedMap, points: Pixels, others: Pixels) -> float:
    """Area under the ROC curve of fixations against the fixations on other images, ties ½.

    Zhang, Tong, Marks, Shan and Cottrell 2008. All the others' fixations are taken, brought to this image's size:
    nothing is drawn by chance, and this is what the customary random splits (`shuffled_auc_splits`) estimate.
    """
    if not len(points) or not len(others):
        return np.nan
    if placed.degenerate:
        return 0.5
    return rank_auc(placed.ranked_at(points), placed.ranked_at(others))


def shuffled_auc_splits(
    placed: PlacedMap,
    points: Pixels,
    others: Sequence[Pixels],
    *,
    images: int = 10,
    splits: int = 100,
    draws: int = 1,
    seed: int = 0,
) -> float:
    """Shuffled AUC over random splits, the exact area (ties ½) in each, averaged.

    Borji, Sihite and Itti 2013, in the form of the MIT benchmark's toolbox: negatives come from ``images`` other images
    (drawn ``draws`` times), as many as there are fixations in each of ``splits`` splits, without repetition.
    ``others``: the fixations on each other image, brought to this image's size.
    """
    if not len(points) or not any(map(len, others)):
        return np.nan
    if placed.degenerate:
        return 0.5
    rng = np.random.default_rng(seed)
    positives = np.sort(placed.ranked_at(points))
    areas = []
    for _ in range(draws):
        chosen = rng.permutation(len(others))[:images]
        pool = np.concatenate([placed.ranked_at(others[i]) for i in chosen])
        if not len(pool):
            continue
        size = min(len(points), len(pool))
        drawn = pool[rng.random((splits, len(pool))).argpartition(size - 1, axis=1)[:, :size]]
        above = len(positives) - np.searchsorted(positives, drawn, side="right")
        level = np.searchsorted(positives, drawn, side="right") - np.searchsorted(positives, drawn, side="left")
        areas.append((above + 0.5 * level).mean(axis=1) / len(positives))
    return float(np.mean(areas)) if areas else np.nan


def cc(placed: PlacedMap, density: np.ndarray) -> float:
    """Pearson's correlation of a map with the blurred fixation map, over pixels. Le Meur, Le Callet and Barba 2007."""
    if placed.degenerate or is_degenerate(density):
        return 0.0
    one, other = placed.array.ravel(), density.ravel()
    means, sums = (one.mean(), other.mean()), np.zeros(3)
    for few in stretches(one.size):
        a, b = one[few] - means[0], other[few] - means[1]
        sums += (a * b).sum(), (a * a).sum(), (b * b).sum()
    return float(sums[0] / np.sqrt(sums[1] * sums[2]))


def sim(predicted: np.ndarray, density: np.ndarray) -> float:
    """Similarity: the histogram intersection of two densities, in [0, 1]. Judd, Durand and Torralba 2012."""
    one, other = predicted.ravel(), density.ravel()
    return float(sum(np.minimum(one[few], other[few]).sum() for few in stretches(one.size)))


def kl(predicted: np.ndarray, density: np.ndarray) -> float:
    """Kullback-Leibler divergence of a predicted density from the fixations', Σ q ln(q / p), in nats, 0 at best.

    q is the fixations' density, p the predicted one, which must be positive wherever q is (``map_density`` is); else
    infinite. Bylinskii et al. 2019 give this direction, with an ε in place of the positive p asked for here.
    """
    truth, found = np.asarray(density, dtype=np.float64).ravel(), predicted.ravel()
    total = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        for few in stretches(truth.size):
            q, p = truth[few], found[few]
            total += (q * np.log(np.fmax(q / p, TINY))).sum()  # where q is 0, 0 times a number
    return float(total)


def information_gain(predicted: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Bits by which a density predicts each fixation better than the baseline's: log₂ p − log₂ b, float64 (n,).

    Kümmerer, Wallis and Bethge 2015. Both are values at the fixations, (n,).
    """
    return np.log2(predicted) - np.log2(baseline)


def rank_auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """The probability that a positive exceeds a negative, ties ½ (Mann and Whitney): the exact area under the ROC."""
    return twice_below(positives, negatives) / (2.0 * len(positives) * len(negatives))


def _once(points: Pixels, shape: tuple[int, int]) -> np.ndarray:
    """Indices of the fixations with each fixated pixel once."""
    _, first = np.unique(points.rows * shape[1] + points.columns, return_index=True)
    return np.asarray(first)
