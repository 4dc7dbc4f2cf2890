"""Gaussian blur, and motion blur along a line."""

from __future__ import annotations

import math

import cv2
import numpy as np

from analysis.corruptions.pixels import Bytes, Floats, one_sided_gaussian, smooth_bytes, tiles


def gaussian_blur(image: Bytes, sigma: float) -> Bytes:
    """Gaussian of standard deviation σ pixels, cut at 4σ, edges repeated."""
    return smooth_bytes(image, sigma)


def motion_blur(image: Bytes, radius: int, sigma: float, rng: np.random.Generator) -> Bytes:
    """One-sided Gaussian smear along a direction uniform in ±45° of the horizontal."""
    angle = rng.uniform(-45, 45)
    return smear(image, radius, sigma, angle)


def smear(image: Bytes, radius: int, sigma: float, angle: float, carry: float = 0.0) -> Bytes:
    """Σ kᵢ · image shifted by i pixels along ``angle`` (degrees), i = 0..2·radius, edges repeated.

    The weights are multiples of 2⁻¹⁶, so every partial sum is held exactly. A shift may exceed the image.
    ``carry``: added before the fraction is cut off; ½ rounds.
    """
    height, width = image.shape[:2]
    length = 2 * radius + 1
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    offsets = [(math.ceil(i * sine - 0.5), math.ceil(i * cosine - 0.5)) for i in range(length)]
    top, left = (-min(shift[axis] for shift in offsets) for axis in (0, 1))
    bottom, right = (max(shift[axis] for shift in offsets) for axis in (0, 1))
    padded = cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_REPLICATE)
    out = np.empty_like(image)
    weights = one_sided_gaussian(length, sigma)
    for rows, columns in tiles(height, width):
        above, stop = rows.start, rows.stop + top + bottom
        first, last = columns.start, columns.stop + left + right
        source = padded[above:stop, first:last].astype(np.float32)
        total: Floats = np.zeros(out[rows, columns].shape, dtype=np.float32)
        for weight, (dy, dx) in zip(weights, offsets, strict=True):
            shifted = source[top + dy : top + dy + total.shape[0], left + dx : left + dx + total.shape[1]]
            cv2.scaleAdd(shifted, weight, total, total)
        out[rows, columns] = total * np.float32(2**-16) + np.float32(carry)
    return out
