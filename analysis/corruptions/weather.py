"""Weather: snow, frost, fog."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from analysis.corruptions.blur import smear
from analysis.corruptions.pixels import (
    Bytes,
    bands,
    field_bytes,
    in_colour,
    normal_field,
    to_bytes,
)
from analysis.corruptions.plasma import plasma
from analysis.corruptions.zoom import enlarged_field

FrostSource = Callable[[int, int, np.random.Generator], Bytes]
"""(height, width, generator) -> a frost texture of that size, uint8 (height, width, 3)."""


def snow(
    image: Bytes,
    mean: float,
    std: float,
    zoom: float,
    cut: float,
    radius: int,
    sigma: float,
    kept: float,
    rng: np.random.Generator,
) -> Bytes:
    """Whitened image plus streaks of snow and the same streaks turned by half a turn."""
    height, width = image.shape[:2]
    flakes = snow_flakes(height, width, mean, std, zoom, cut, rng)
    streaks = smear(flakes, radius, sigma, rng.uniform(-135, -45), carry=0.5)
    layer = cv2.add(streaks, streaks[::-1, ::-1])
    out = np.empty_like(image)
    for rows in bands(height, width):
        band = image[rows].astype(np.float32)
        grey = (band[..., 0] * 299 + band[..., 1] * 587 + band[..., 2] * 114) * np.float32(0.0015) + np.float32(127.5)
        mixed = band * np.float32(kept) + np.maximum(band, in_colour(grey)) * np.float32(1 - kept)
        out[rows] = to_bytes(mixed + in_colour(layer[rows]))
    return out


def snow_flakes(
    height: int, width: int, mean: float, std: float, zoom: float, cut: float, rng: np.random.Generator
) -> Bytes:
    """A normal field enlarged by ``zoom``; below ``cut`` nothing, above 1 white: uint8 (height, width)."""
    coarse = normal_field(math.ceil(height / zoom), math.ceil(width / zoom), mean, std, rng)
    return field_bytes(cut, carry=0.5).take(enlarged_field(coarse, zoom, height, width))


def frost(image: Bytes, kept: float, amount: float, rng: np.random.Generator, texture: FrostSource) -> Bytes:
    """kept · x + amount · frost, with a texture from ``texture``."""
    height, width = image.shape[:2]
    ice = texture(height, width, rng)
    out = np.empty_like(image)
    for rows in bands(height, width):
        out[rows] = to_bytes(image[rows] * np.float32(kept) + ice[rows] * np.float32(amount))
    return out


def fog(image: Bytes, amount: float, decay: float, rng: np.random.Generator) -> Bytes:
    """Image plus ``amount`` × plasma, rescaled so that the brightest possible value stays what it was."""
    height, width = image.shape[:2]
    brightest = int(image.max()) / 255
    rescale = brightest / (brightest + amount)
    mist = plasma(height, width, decay, rng)
    out = np.empty_like(image)
    for rows in bands(height, width):
        levels = image[rows] * np.float32(rescale) + in_colour(mist[rows] * np.float32(255 * amount * rescale))
        out[rows] = to_bytes(levels)
    return out
