"""Noise: Gaussian, shot, impulse, speckle."""

from __future__ import annotations

import math

import numpy as np

from analysis.corruptions.pixels import Bytes, Ints, bands, to_bytes


def gaussian_noise(image: Bytes, sigma: float, rng: np.random.Generator) -> Bytes:
    """x + σ·normal, drawn for every value; σ as a fraction of the range."""
    out = np.empty_like(image)
    for rows in bands(*image.shape[:2]):
        levels = rng.standard_normal(image[rows].shape, dtype=np.float32)
        levels *= np.float32(255 * sigma)
        levels += image[rows]
        out[rows] = to_bytes(levels)
    return out


def speckle_noise(image: Bytes, sigma: float, rng: np.random.Generator) -> Bytes:
    """x + x·σ·normal: noise in proportion to brightness."""
    out = np.empty_like(image)
    for rows in bands(*image.shape[:2]):
        levels = rng.standard_normal(image[rows].shape, dtype=np.float32)
        levels *= np.float32(sigma)
        levels += np.float32(1)
        levels *= image[rows]
        out[rows] = to_bytes(levels)
    return out


def impulse_noise(image: Bytes, amount: float, rng: np.random.Generator) -> Bytes:
    """A share ``amount`` of the values becomes black or white, half each."""
    black, white = round(65536 * amount / 2), round(65536 * amount)
    out = np.empty_like(image)
    for rows in bands(*image.shape[:2]):
        draw = rng.integers(0, 65536, image[rows].shape, dtype=np.uint16)
        out[rows] = np.where(draw < black, np.uint8(0), np.where(draw < white, np.uint8(255), image[rows]))
    return out


def shot_noise(image: Bytes, photons: int, rng: np.random.Generator) -> Bytes:
    """Poisson(x·c)/c with c = ``photons`` counted at full brightness.

    A uint8 image knows 256 rates only, and everything from c counts up is white. So the 256 × (c + 1) distribution
    functions are tabulated once, and every value's count is a binary search of a uniform draw in its own row.
    """
    thresholds = poisson_thresholds(photons)
    width = thresholds.shape[1]
    flat = thresholds.reshape(-1)
    grey = np.array([255 * min(count, photons) // photons for count in range(width)], dtype=np.uint8)
    out = np.empty_like(image)
    for rows in bands(*image.shape[:2]):
        draw = rng.integers(0, 1 << 32, image[rows].shape, dtype=np.uint32)
        place = image[rows].astype(np.intp) * width
        step = width // 2
        while step:
            place += (draw >= flat[step - 1 :].take(place)).astype(np.intp) * step
            step //= 2
        out[rows] = grey.take(place & (width - 1))
    return out


def poisson_thresholds(photons: int) -> Ints:
    """P(count ≤ k) · 2³² for the rate of each grey level: (256, a power of two > ``photons``), capped at 2³² − 1.

    Columns from ``photons`` on are unreachable thresholds: such counts are white all the same.
    """
    width = 1 << photons.bit_length()
    rates = np.arange(256, dtype=np.float64) * photons / 255
    mass = np.empty((256, width))
    mass[:, 0] = [math.exp(-rate) for rate in rates]
    for count in range(1, width):
        mass[:, count] = mass[:, count - 1] * rates / count
    below = np.cumsum(mass, axis=1)
    below[:, photons:] = 1
    return np.minimum(below * 2.0**32, 2.0**32 - 1).astype(np.uint32)
