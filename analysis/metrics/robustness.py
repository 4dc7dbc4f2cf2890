"""Accuracy on clean, corrupted and attacked images, each number with a 95 % interval over images (SPEC §9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.corruptions.table import SEVERITIES

ALEXNET = {
    "gaussian_noise": 0.886428,
    "shot_noise": 0.894468,
    "impulse_noise": 0.922640,
    "defocus_blur": 0.819880,
    "glass_blur": 0.826268,
    "motion_blur": 0.785948,
    "zoom_blur": 0.798360,
    "snow": 0.866816,
    "frost": 0.826572,
    "fog": 0.819324,
    "brightness": 0.564592,
    "contrast": 0.853204,
    "elastic_transform": 0.646056,
    "pixelate": 0.717840,
    "jpeg_compression": 0.606500,
}
"""AlexNet's top-1 error, mean over the five severities (SPEC §9): what errors are divided by."""

ALEXNET_CLEAN = 0.435
"""Its error on clean images: 43.478 %, as torchvision records it for the weights of the published errors
(``AlexNet_Weights.IMAGENET1K_V1``, acc@1 56.522 %), to the decimal of Hendrycks and Dietterich 2019, table 1."""

NORMAL = 1.959964


@dataclass(frozen=True)
class Estimate:
    """A share with its 95 % interval; ``images`` behind it. One photograph has none: it reaches from -inf to inf."""

    value: float
    low: float
    high: float
    images: int


@dataclass(frozen=True)
class Predictions:
    """What a model said of n images.

    ``correct`` bool (n,); ``pictures`` (n,), which photograph each is of, by name; ``corruptions`` and ``severities``
    (n,), None and 0 for clean images.
    """

    correct: np.ndarray
    pictures: np.ndarray
    corruptions: np.ndarray
    severities: np.ndarray

    def __len__(self) -> int:
        return len(self.correct)

    def of(self, corruption: str, severity: int | None = None) -> np.ndarray:
        """Bool (n,): which images are corrupted in this way."""
        chosen = self.corruptions == corruption
        return np.asarray(chosen if severity is None else chosen & (self.severities == severity))

    @property
    def names(self) -> list[str]:
        """The corruptions, in the order in which they come."""
        return list(dict.fromkeys(self.corruptions.tolist()))

    @property
    def is_complete(self) -> bool:
        """Whether all fifteen corruptions are there at all five severities, as mCE asks."""
        return all(bool(self.of(name, severity).any()) for name in ALEXNET for severity in SEVERITIES)


def accuracy(predictions: Predictions, clean: Predictions | None = None) -> Estimate | None:
    """The share of correct predictions, with Wilson's interval; None without any."""
    n, correct = len(predictions), int(predictions.correct.sum())
    if not n:
        return None
    share, z2 = correct / n, NORMAL**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    # rounding may leave 0..1, or part a bound from the share that it should meet there
    low, high = (float(np.clip(bound, 0, 1)) for bound in (centre - half, centre + half))
    return Estimate(share, min(low, share), max(high, share), n)


def error(predictions: Predictions, clean: Predictions | None = None) -> Estimate | None:
    """Mean over severities of the top-1 error of one corruption; None without any image."""
    severities = sorted(set(predictions.severities.tolist()))
    weights = np.zeros(len(predictions))
    for severity in severities:
        chosen = predictions.severities == severity
        weights[chosen] = 1 / (len(severities) * chosen.sum())
    return _linear([(predictions, weights)])


def mean_corruption_accuracy(predictions: Predictions, clean: Predictions | None = None) -> Estimate | None:
    """The mean over corruptions of the mean over severities of the accuracy, of what is there."""
    weights = np.zeros(len(predictions))
    cells = list(dict.fromkeys(zip(predictions.corruptions.tolist(), predictions.severities.tolist(), strict=True)))
    for name, severity in cells:
        chosen = predictions.of(name, severity)
        per_name = sum(other == name for other, _ in cells)
        weights[chosen] = 1 / (len(predictions.names) * per_name * chosen.sum())
    wrong = _linear([(predictions, weights)])
    return None if wrong is None else Estimate(1 - wrong.value, 1 - wrong.high, 1 - wrong.low, wrong.images)


def paired_difference(one: Predictions, other: Predictions) -> Estimate | None:
    """The accuracy of one model less that of another on the pictures that both saw, and its normal interval.

    All variants of one photograph count as one difference, so that an interval is over photographs. None without any.
    """
    pictures = np.intersect1d(one.pictures, other.pictures)
    if not len(pictures):
        return None
    differences = _by_picture(one, pictures) - _by_picture(other, pictures)
    value = float(differences.mean())
    half = NORMAL * float(differences.std(ddof=1)) / np.sqrt(len(pictures)) if len(pictures) > 1 else np.inf
    return Estimate(value, value - half, value + half, len(pictures))


def _by_picture(predictions: Predictions, pictures: np.ndarray) -> np.ndarray:
    """Float (len(pictures),): the share of correct predictions on each photograph's variants; ``pictures`` sorted."""
    known = np.isin(predictions.pictures, pictures)
    places = np.searchsorted(pictures, predictions.pictures[known])
    count = np.bincount(places, minlength=len(pictures))
    return np.bincount(places, weights=predictions.correct[known], minlength=len(pictures)) / count


def mce(predictions: Predictions, clean: Predictions | None = None) -> Estimate | None:
    """Mean corruption error: the mean over the fifteen of the model's error ÷ AlexNet's, both means over severities.

    None where a corruption or a severity is missing: it would be another number.
    """
    if not predictions.is_complete:
        return None
    return _linear([(predictions, _mce_weights(predictions, {name: 1 / ALEXNET[name] for name in ALEXNET}))])


def relative_mce(predictions: Predictions, clean: Predictions | None = None) -> Estimate | None:
    """The same of what corruption adds: (error − clean error) ÷ (AlexNet's error − AlexNet's clean error).

    None where mCE is, or where there are no clean images.
    """
    if clean is None or not len(clean) or not predictions.is_complete:
        return None
    scale = {name: 1 / (ALEXNET[name] - ALEXNET_CLEAN) for name in ALEXNET}
    of_clean = np.full(len(clean), -sum(scale.values()) / (len(ALEXNET) * len(clean)))
    return _linear([(predictions, _mce_weights(predictions, scale)), (clean, of_clean)])


def _mce_weights(predictions: Predictions, scale: dict[str, float]) -> np.ndarray:
    weights = np.zeros(len(predictions))
    for name in ALEXNET:
        for severity in SEVERITIES:
            chosen = predictions.of(name, severity)
            weights[chosen] = scale[name] / (len(ALEXNET) * len(SEVERITIES) * chosen.sum())
    return weights


def _linear(parts: Sequence[tuple[Predictions, np.ndarray]]) -> Estimate | None:
    """Σ weight · error over images, with a normal interval: the corrupted pictures of one photograph go together."""
    pictures = np.concatenate([one.pictures for one, _ in parts])
    if not len(pictures):
        return None
    terms = np.concatenate([weights * ~one.correct for one, weights in parts])
    _, of_picture = np.unique(pictures, return_inverse=True)
    by_picture = np.bincount(of_picture, weights=terms)
    n, value = len(by_picture), float(terms.sum())
    half = NORMAL * float(np.sqrt(n / (n - 1) * ((by_picture - by_picture.mean()) ** 2).sum())) if n > 1 else np.inf
    return Estimate(value, value - half, value + half, n)
