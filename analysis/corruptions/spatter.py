"""Spatter: drops of water or mud where a smooth random field is high."""

from __future__ import annotations

import cv2
import numpy as np

from analysis.corruptions.pixels import (
    Bytes,
    Codes,
    Floats,
    bands,
    field_bytes,
    field_code,
    in_colour,
    normal_field,
    smooth,
    to_bytes,
)

WATER = (175, 238, 238)
MUD = (63, 42, 20)


def spatter(
    image: Bytes, mean: float, std: float, sigma: float, cut: float, mix: float, mud: bool, rng: np.random.Generator
) -> Bytes:
    """Water brightens by up to ``mix``; mud covers, its edge softened by a Gaussian of σ = ``mix`` pixels."""
    height, width = image.shape[:2]
    liquid = smooth(normal_field(height, width, mean, std, rng), (sigma, sigma))
    if mud:
        return covered(image, mud_cover(liquid, cut, mix))
    return wetted(image, water_relief(liquid, cut), mix)


def mud_cover(liquid: Codes, cut: float, sigma: float) -> Floats:
    """Opacity of the mud, 0..1: the softened set where the field passes ``cut``, kept where it is at least 0.8."""
    inside = np.where(liquid > field_code(cut), np.uint16(65280), np.uint16(0))
    soft = smooth(inside, (sigma, sigma))
    return np.where(soft < round(0.8 * 65280), np.float32(0), soft * np.float32(1 / 65280))


def covered(image: Bytes, opacity: Floats) -> Bytes:
    """The image with mud laid over it."""
    mud = np.array(MUD, dtype=np.float32)
    out = np.empty_like(image)
    for rows in bands(*image.shape[:2]):
        share = opacity[rows]
        out[rows] = to_bytes(image[rows] * in_colour(1 - share) + in_colour(*(share * part for part in mud)))
    return out


def water_relief(liquid: Codes, cut: float) -> Floats:
    """Brightness of the water before scaling: depth times a relief lit from one corner; 0 outside the drops.

    The relief comes from the distance to the drops' edges (Canny), up to 20 pixels, its histogram made even,
    differenced along the diagonal and smoothed by a 3 × 3 mean.
    """
    depth = field_bytes(cut).take(liquid)
    away = 255 - cv2.Canny(depth, 50, 150)
    distance: Floats = cv2.distanceTransform(away, cv2.DIST_L2, 5)
    np.minimum(distance, 20, out=distance)
    distance *= np.float32(64)  # in whole 64ths of a pixel, so that the mean is taken over whole numbers
    total: Floats = cv2.boxFilter(np.rint(distance, out=distance), cv2.CV_32F, (3, 3), normalize=False)
    total += np.float32(0.5)  # a mean of exactly n is n, not a hair less
    even = cv2.equalizeHist((total * np.float32(1 / 576)).astype(np.uint8))
    slope = cv2.filter2D(even, cv2.CV_8U, np.array([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]], dtype=np.float32))
    return depth * cv2.blur(slope, (3, 3)).astype(np.float32)


def wetted(image: Bytes, relief: Floats, mix: float) -> Bytes:
    """The image plus the water's colour times its brightness, which is at most ``mix``."""
    brightest = max(float(relief.max()), 1.0)
    water = np.array(WATER, dtype=np.float32) * np.float32(mix / brightest)
    out = np.empty_like(image)
    for rows in bands(*image.shape[:2]):
        out[rows] = to_bytes(image[rows] + in_colour(*(relief[rows] * part for part in water)))
    return out
