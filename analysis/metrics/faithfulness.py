"""Deletion and insertion: does a map point at the pixels that the answer hangs on? (Petsiuk, Das and Saenko 2018)

Pixels go in the order of the map, highest first, in equal steps. Deletion puts the mean colour in their place and
watches the probability of a class fall; insertion starts from the blurred picture and watches it rise. What is
compared is the area under the curve over the fraction of pixels, in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

STEPS = 28
"""Steps of a curve unless somebody says otherwise."""

BLUR = 0.05
"""Standard deviation of insertion's blur, as a fraction of the picture's side: nothing is recognised through it."""

Probability = Callable[[np.ndarray], np.ndarray]
"""Pictures (n, 3, H, W), float32, normalised -> the probability of the class asked about, (n,)."""


@dataclass(frozen=True)
class FaithfulnessCurves:
    """The probability after 0, 1, … all steps, (steps + 1,) each."""

    deletion: np.ndarray
    insertion: np.ndarray


def ranks(saliency_map: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Map (h, w) -> when each pixel of a picture of ``size`` (H, W) goes: int (H, W), 0 for the highest value.

    The map is upsampled bilinearly as maps are shown; equal pixels go row by row.
    """
    values = cv2.resize(np.asarray(saliency_map, np.float32), size[::-1], interpolation=cv2.INTER_LINEAR).ravel()
    order = np.argsort(-values, kind="stable")
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    return place.reshape(size)


def replaced(picture: np.ndarray, other: np.ndarray, when: np.ndarray, steps: int) -> np.ndarray:
    """(steps + 1, C, H, W): ``picture`` with the first k/steps of its pixels, by `ranks`, taken from ``other``."""
    bounds = np.rint(np.linspace(0, when.size, steps + 1))
    gone = when[None, None] < bounds[:, None, None, None]
    return np.where(gone, other[None], picture[None])


def blurred(picture: np.ndarray) -> np.ndarray:
    """(3, H, W) -> the same smoothed by a Gaussian of `BLUR` of its shorter side, its edges continued."""
    sigma = BLUR * min(picture.shape[1:])
    smooth = [cv2.GaussianBlur(channel, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE) for channel in picture]
    return np.stack(smooth)


class Faithfulness:
    """Both curves of any map of one picture (3, H, W), float32, normalised: the mean colour is 0.

    Where all curves begin and end no map has a say: the model is asked once about the whole, the empty and the blurred
    picture, and then about what lies between, both curves of a map in one batch.
    """

    def __init__(self, probability: Probability, picture: np.ndarray, *, steps: int = STEPS) -> None:
        self._probability, self._picture, self._steps = probability, picture, steps
        self._empty, self._blurred = np.zeros_like(picture), blurred(picture)
        self._ends = probability(np.stack([picture, self._empty, self._blurred]))

    def curves(self, saliency_map: np.ndarray) -> FaithfulnessCurves:
        """Of a map (h, w)."""
        height, width = self._picture.shape[1:]
        when = ranks(saliency_map, (height, width))
        deleted = replaced(self._picture, self._empty, when, self._steps)[1:-1]
        inserted = replaced(self._blurred, self._picture, when, self._steps)[1:-1]
        between = self._probability(np.concatenate([deleted, inserted])) if len(deleted) else np.empty(0)
        whole, empty, smooth = self._ends
        falling, rising = np.split(between, 2)
        return FaithfulnessCurves(np.r_[whole, falling, empty], np.r_[smooth, rising, whole])


def area(curve: np.ndarray) -> float:
    """Under a curve over [0, 1] with equal steps, by trapezoids."""
    values = np.asarray(curve, np.float64)
    return float((values[1:] + values[:-1]).mean() / 2)
