"""Blur with a fixed kernel: Gaussian, out of focus, along a line."""

from __future__ import annotations

import math

import cv2
import numpy as np

from analysis.corruptions.pixels import Bytes, Codes, Floats, Ints, bands, one_sided_gaussian, smooth_bytes

MOTION_BAND_ROWS = 64


def gaussian_blur(image: Bytes, sigma: float) -> Bytes:
    """Gaussian of standard deviation σ pixels, cut at 4σ, edges repeated."""
    return smooth_bytes(image, sigma)


def defocus_blur(image: Bytes, radius: int, alias_sigma: float) -> Bytes:
    """Mean over a disk of ``radius`` pixels whose edge is softened by a small Gaussian; edges mirrored.

    The recipe softens the disk on a grid of ±8 pixels (±radius above 8), and the softening mirrors at the grid's edge.
    A disk that touches the edge gains weight there and brightens the picture by about 1 %: see ``disk_mean``.
    """
    size = 3 if radius <= 8 else 5
    rim = 1 / (2 + math.exp(1 / (2 * alias_sigma**2))) if radius >= 8 else 0.0
    disk = disk_mean(image, radius, rim)
    soft = cv2.GaussianBlur(disk, (size, size), alias_sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.minimum(soft >> 7, 255).astype(np.uint8)


def disk_mean(image: Bytes, radius: int, rim: float) -> Codes:
    """Sum over the disk dx² + dy² ≤ radius², divided by its area, with 7 fractional bits.

    ``rim``: weight added on the four outermost lines of the grid, where |dx| or |dy| is ``radius``, over the length of
    the disk's next line inwards.

    The disk is a stack of horizontal runs, and the sum over a run is a difference of two running sums: 2·radius + 1
    additions for each value instead of π·radius², in whole numbers.
    """
    height, width = image.shape[:2]
    half_widths = [math.isqrt(radius**2 - dy**2) for dy in range(-radius, radius + 1)]
    area = sum(2 * half + 1 for half in half_widths)
    side = half_widths[1]
    padded = cv2.copyMakeBorder(image, radius, radius, radius + 1, radius, cv2.BORDER_REFLECT_101)
    padded[:, 0] = 0  # the running sum before the first pixel
    out = np.empty(image.shape, dtype=np.uint16)
    for rows in bands(height, width, least_rows=4 * radius):
        running = np.cumsum(padded[rows.start : rows.stop + 2 * radius], axis=1, dtype=np.int32)
        count = rows.stop - rows.start

        def run(half: int, running: Ints = running) -> Ints:
            """The sums over dx = −half..half, for the band's rows and ``radius`` more on either side."""
            middle = radius + 1
            return (
                running[:, middle + half : middle + half + width]
                - running[:, middle - half - 1 : middle - half - 1 + width]
            )

        runs = {half: run(half) for half in set(half_widths)}
        total = np.zeros((count, width, 3), dtype=np.int32)
        for offset, half in enumerate(half_widths):
            total += runs[half][offset : offset + count]
        mean = total * (128 / area)
        if rim:
            ends = runs[radius] - runs[radius - 1]
            lines = runs[side][:count] + runs[side][2 * radius :]
            for offset in range(radius - side, radius + side + 1):
                lines += ends[offset : offset + count]
            mean += lines * (128 * rim / area)
        out[rows] = mean + 0.5
    return out


def motion_blur(image: Bytes, radius: int, sigma: float, rng: np.random.Generator) -> Bytes:
    """One-sided Gaussian smear along a direction uniform in ±45° of the horizontal."""
    angle = rng.uniform(-45, 45)
    return smear(image, radius, sigma, angle).astype(np.uint8)


def smear(image: Bytes, radius: int, sigma: float, angle: float) -> Floats:
    """Σ kᵢ · image shifted by i pixels along ``angle`` (degrees), i = 0..2·radius, edges repeated; float32 grey levels.

    The weights are multiples of 2⁻¹⁶, so every partial sum is held exactly. A shift may exceed the image.
    """
    height, width = image.shape[:2]
    length = 2 * radius + 1
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    offsets = [(math.ceil(i * sine - 0.5), math.ceil(i * cosine - 0.5)) for i in range(length)]
    top, left = (-min(shift[axis] for shift in offsets) for axis in (0, 1))
    bottom, right = (max(shift[axis] for shift in offsets) for axis in (0, 1))
    padded = cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_REPLICATE)
    out = np.empty(image.shape, dtype=np.float32)
    weights = one_sided_gaussian(length, sigma)
    for rows in bands(height, width, least_rows=MOTION_BAND_ROWS):
        source = padded[rows.start : rows.stop + top + bottom].astype(np.float32)
        total = np.zeros((rows.stop - rows.start, *image.shape[1:]), dtype=np.float32)
        for weight, (dy, dx) in zip(weights, offsets, strict=True):
            shifted = source[top + dy : top + dy + len(total), left + dx : left + dx + width]
            cv2.scaleAdd(shifted, weight, total, total)
        out[rows] = total * np.float32(2**-16)
    return out
