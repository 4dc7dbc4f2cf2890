"""The scores of a map against fixations, each with its source.

Fixations are given as pixels: int arrays ``rows``, ``columns`` (n,) from :func:`pixels_of`. Every fixation counts, two
on one pixel twice. A map without any variation scores NSS 0, CC 0, AUC ½ (SPEC §7).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.saliency import DEGENERATE_RANGE


def pixels_of(xs: np.ndarray, ys: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows, columns, kept): the pixel ⌊y⌋, ⌊x⌋ of every fixation inside the frame; ``kept`` bool over the given ones.

    Outside 0 ≤ x < width, 0 ≤ y < height, and NaN, are left out.
    """
    x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        kept = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return y[kept].astype(np.intp), x[kept].astype(np.intp), kept


def nss_values(saliency_map: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Normalised scanpath saliency, one value per fixation, float64 (n,): (map − mean) / population std at its pixel.

    Peters, Iyer, Itti and Koch 2005.
    """
    values = np.asarray(saliency_map, dtype=np.float64)
    if is_degenerate(values):
        return np.zeros(len(rows))
    return (values[rows, columns] - values.mean()) / values.std()


def nss(saliency_map: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> float:
    """The mean of :func:`nss_values`; NaN without fixations."""
    return float(nss_values(saliency_map, rows, columns).mean()) if len(rows) else np.nan


def auc_judd(saliency_map: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> float:
    """Area under the ROC curve of fixations against all pixels that are not fixated, ties ½.

    Judd, Ehinger, Durand and Torralba 2009, the area taken exactly: equal to scikit-learn's ``roc_auc_score``. The
    often-used toolbox joins the curve's points at the fixations' values by straight lines instead
    (:func:`auc_judd_trapezoid`).
    """
    values = np.asarray(saliency_map, dtype=np.float64)
    positives = values[rows, columns]
    if is_degenerate(values):
        return 0.5 if len(rows) else np.nan
    return _auc_against_rest(positives, np.sort(values, axis=None), _fixated_values(values, rows, columns))


def auc_judd_trapezoid(saliency_map: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> float:
    """AUC-Judd as the MIT saliency benchmark's toolbox computes it, without its random jitter.

    Bylinskii, Judd, Oliva, Torralba and Durand 2019. Thresholds are the fixations' values alone and the points between
    are joined by straight lines, which adds up to 1/(2n) to the exact area. Fixations on one pixel count once there.
    """
    values = np.asarray(saliency_map, dtype=np.float64)
    fixated = np.sort(_fixated_values(values, rows, columns))[::-1]
    if not len(fixated):
        return np.nan
    if is_degenerate(values):
        return 0.5
    n = len(fixated)
    rank = np.arange(1, n + 1)
    at_least = values.size - np.searchsorted(np.sort(values, axis=None), fixated, side="left")
    true_positive = np.concatenate([[0.0], rank / n, [1.0]])
    false_positive = np.concatenate([[0.0], (at_least - rank) / (values.size - n), [1.0]])
    return float(np.trapezoid(true_positive, false_positive))


def shuffled_auc(
    saliency_map: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    other_rows: np.ndarray,
    other_columns: np.ndarray,
) -> float:
    """Area under the ROC curve of fixations against the fixations on other images, ties ½.

    Zhang, Tong, Marks, Shan and Cottrell 2008. All the others' fixations are taken, brought to this image's size:
    nothing is drawn by chance, and this is what the customary random splits (:func:`shuffled_auc_splits`) estimate.
    """
    values = np.asarray(saliency_map, dtype=np.float64)
    if not len(rows) or not len(other_rows):
        return np.nan
    if is_degenerate(values):
        return 0.5
    return rank_auc(values[rows, columns], values[other_rows, other_columns])


def shuffled_auc_splits(
    saliency_map: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    others: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    images: int = 10,
    splits: int = 100,
    draws: int = 1,
    seed: int = 0,
) -> float:
    """Shuffled AUC over random splits, the exact area (ties ½) in each, averaged.

    Borji, Sihite and Itti 2013, in the form of the MIT benchmark's toolbox: negatives come from ``images`` other images
    (drawn ``draws`` times), as many as there are fixations in each of ``splits`` splits, without repetition.

    Args:
        others: (rows, columns) of the fixations on each other image, brought to this image's size.
    """
    values = np.asarray(saliency_map, dtype=np.float64)
    if not len(rows) or not any(len(r) for r, _ in others):
        return np.nan
    if is_degenerate(values):
        return 0.5
    rng = np.random.default_rng(seed)
    positives = np.sort(values[rows, columns])
    areas = []
    for _ in range(draws):
        chosen = rng.permutation(len(others))[:images]
        pool = np.concatenate([values[others[i][0], others[i][1]] for i in chosen])
        if not len(pool):
            continue
        size = min(len(rows), len(pool))
        drawn = pool[rng.random((splits, len(pool))).argpartition(size - 1, axis=1)[:, :size]]
        above = len(positives) - np.searchsorted(positives, drawn, side="right")
        level = np.searchsorted(positives, drawn, side="right") - np.searchsorted(positives, drawn, side="left")
        areas.append((above + 0.5 * level).mean(axis=1) / len(positives))
    return float(np.mean(areas)) if areas else np.nan


def cc(saliency_map: np.ndarray, density: np.ndarray) -> float:
    """Pearson's correlation of a map with the blurred fixation map, over pixels. Le Meur, Le Callet and Barba 2007."""
    map_values, truth = np.asarray(saliency_map, dtype=np.float64), np.asarray(density, dtype=np.float64)
    if is_degenerate(map_values) or is_degenerate(truth):
        return 0.0
    a, b = map_values - map_values.mean(), truth - truth.mean()
    return float(np.vdot(a, b) / np.sqrt(np.vdot(a, a) * np.vdot(b, b)))


def sim(predicted: np.ndarray, density: np.ndarray) -> float:
    """Similarity: the histogram intersection of two densities, in [0, 1]. Judd, Durand and Torralba 2012."""
    return float(np.minimum(predicted, density).sum())


def kl(predicted: np.ndarray, density: np.ndarray) -> float:
    """Kullback-Leibler divergence of a predicted density from the fixations', Σ q ln(q / p), in nats, 0 at best.

    q is the fixations' density, p the predicted one, which must be positive wherever q is (``map_density`` is); else
    infinite. Bylinskii et al. 2019 give this direction, with an ε in place of the positive p asked for here.
    """
    truth = np.asarray(density, dtype=np.float64)
    ratio = np.ones_like(truth)
    with np.errstate(divide="ignore"):
        np.divide(truth, predicted, out=ratio, where=truth > 0)
    np.log(ratio, out=ratio)
    return float(np.vdot(truth, ratio))


def information_gain(predicted: np.ndarray, baseline: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Bits by which a density predicts each fixation better than the baseline's: log₂ p − log₂ b, float64 (n,).

    Kümmerer, Wallis and Bethge 2015.
    """
    return np.log2(predicted[rows, columns]) - np.log2(baseline[rows, columns])


def rank_auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """The probability that a positive exceeds a negative, ties ½ (Mann and Whitney): the exact area under the ROC."""
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    up_to = np.searchsorted(ordered, positives, side="right")
    return float((below + up_to).sum() / (2.0 * len(positives) * len(negatives)))


def is_degenerate(saliency_map: np.ndarray) -> bool:
    """A range of at most 1e-9 of the magnitude, or a value that is not finite (SPEC §5)."""
    low, high = float(saliency_map.min()), float(saliency_map.max())
    finite = bool(np.isfinite(low) and np.isfinite(high))
    return not finite or high - low <= DEGENERATE_RANGE * max(abs(low), abs(high))


def _fixated_values(values: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The map at each fixated pixel, once each."""
    return values.ravel()[np.unique(rows * values.shape[1] + columns)]


def _auc_against_rest(positives: np.ndarray, pixels: np.ndarray, fixated: np.ndarray) -> float:
    """As :func:`rank_auc` with all sorted ``pixels`` but the ``fixated`` ones as negatives."""
    rest = len(pixels) - len(fixated)
    if not len(positives) or not rest:
        return np.nan
    marked = np.sort(fixated)
    twice = sum(
        np.searchsorted(ordered, positives, side=side).sum() * sign
        for ordered, sign in ((pixels, 1), (marked, -1))
        for side in ("left", "right")
    )
    return float(twice / (2.0 * len(positives) * rest))
