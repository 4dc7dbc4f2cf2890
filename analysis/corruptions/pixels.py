"""What every family shares: rows taken band by band, grey levels back to bytes, fields in whole numbers.

Two rules keep the output the same to the last bit on every machine. Filters run on whole numbers, or on floats that
hold whole numbers below 2²⁴ exactly, so neither the order of additions nor fused multiply-adds can change a sum. What
is left in floating point is element by element and uses only + − × ÷ and comparisons, which IEEE 754 fixes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

# Names for the reader: OpenCV's stubs return a type of their own, so the element type is not checked.
Bytes: TypeAlias = npt.NDArray[Any]  # uint8
Codes: TypeAlias = npt.NDArray[Any]  # uint16
Floats: TypeAlias = npt.NDArray[Any]  # float32
Ints: TypeAlias = npt.NDArray[Any]  # int32 or intp

BAND_PIXELS = 1 << 14
"""Pixels handled at a time: temporaries stay in the cache, so a large image costs no more per pixel than a small."""

TILE = 128
"""Side of the squares that wide kernels are applied to: the square and its surroundings stay in the cache."""

ROUND_OFF = 1 / 512
"""Grey levels added before the fraction is cut off, so that 127.99999 (meaning 128) stays 128."""

FIELD_ONE = 1 << 12
"""The code distance between 0 and 1 in a field held in 14 of the bits of uint16."""

FIELD_ZERO = FIELD_ONE
"""The code of 0, so a field spans −1 to just under 3."""

FIELD_CODES = 1 << 14

FRACTION = 32
"""Bilinear weights are held in 32nds of a pixel, as OpenCV's fixed-point sampling does."""


def bands(height: int, width: int, least_rows: int = 1) -> Iterator[slice]:
    """Slices of rows that cover 0..height, each of about ``BAND_PIXELS`` pixels and at least ``least_rows`` rows."""
    rows = max(least_rows, BAND_PIXELS // width, 1)
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def tiles(height: int, width: int, side: int = TILE) -> Iterator[tuple[slice, slice]]:
    """(rows, columns) that cover height × width in squares of ``side``: for filters that reach far beyond a band."""
    return (
        (slice(top, min(top + side, height)), slice(left, min(left + side, width)))
        for top in range(0, height, side)
        for left in range(0, width, side)
    )


def in_colour(*planes: np.ndarray) -> np.ndarray:
    """One plane (height, width) thrice, or three, as (height, width, 3): NumPy is slow where it repeats one itself."""
    return cv2.merge(planes * (3 // len(planes)))


def to_bytes(levels: Floats) -> Bytes:
    """Grey levels (float, 0..255) as uint8, clipped and cut off downwards as the benchmark's own files were."""
    shifted = levels + np.float32(ROUND_OFF)
    return np.clip(shifted, 0, 255, out=shifted).astype(np.uint8)


def gaussian_radius(sigma: float, truncate: float = 4.0) -> int:
    """Half the width of a Gaussian kernel cut at ``truncate`` standard deviations, in pixels."""
    return int(truncate * sigma + 0.5)


def smooth(
    codes: Codes, sigma: tuple[float, float], truncate: float = 4.0, border: int = cv2.BORDER_REPLICATE
) -> Codes:
    """Gaussian blur of uint16 ``codes``, σ in pixels as (down, across); fixed-point inside, hence bit-exact."""
    size = tuple(2 * gaussian_radius(s, truncate) + 1 for s in reversed(sigma))
    return cv2.GaussianBlur(codes, size, sigmaX=sigma[1], sigmaY=sigma[0], borderType=border)


def smooth_bytes(image: Bytes, sigma: float) -> Bytes:
    """Gaussian blur of an image with 8 fractional bits kept up to the last step, which cuts them off."""
    height, width = image.shape[:2]
    radius = gaussian_radius(sigma)
    out = np.empty_like(image)
    for rows in bands(height, width, least_rows=16 * radius):
        above, stop = max(rows.start - radius, 0), min(rows.stop + radius, height)
        soft = smooth(image[above:stop].astype(np.uint16) << 8, (sigma, sigma))
        out[rows] = soft[rows.start - above : rows.stop - above] >> 8
    return out


def normal_field(height: int, width: int, mean: float, std: float, rng: np.random.Generator) -> Codes:
    """Independent normal values (height, width) as codes: value 0 is ``FIELD_ZERO``, value 1 is ``FIELD_ONE`` above."""
    out = np.empty((height, width), dtype=np.uint16)
    for rows in bands(height, width):
        draws = rng.standard_normal(out[rows].shape, dtype=np.float32)
        draws *= np.float32(std * FIELD_ONE)
        draws += np.float32(mean * FIELD_ONE + FIELD_ZERO + 0.5)
        out[rows] = np.clip(draws, 0, FIELD_CODES - 1)
    return out


def field_code(value: float) -> int:
    """The code of a value in a field."""
    return FIELD_ZERO + round(value * FIELD_ONE)


def field_bytes(cut: float, carry: float = 0.0) -> Bytes:
    """The grey level of every code of a field: 255 times its value, cut off downwards after adding ``carry``; 0 for
    values below ``cut``, 255 for values above 1."""
    values = (np.arange(FIELD_CODES) - FIELD_ZERO) * (255 / FIELD_ONE)
    levels = np.clip(values + carry, 0, 255).astype(np.uint8)
    levels[: field_code(cut)] = 0
    return levels


def one_sided_gaussian(length: int, sigma: float, total: int = 1 << 16) -> list[int]:
    """Whole weights ∝ exp(−i²/2σ²), i = 0..length−1, that sum to ``total`` exactly."""
    raw = [math.exp(-(i**2) / (2 * sigma**2)) for i in range(length)]
    weights = [round(total * value / sum(raw)) for value in raw]
    weights[0] += total - sum(weights)
    return weights
