"""Defocus blur: the mean over a disk with a softened edge."""

from __future__ import annotations

import math

import cv2
import numpy as np

from analysis.corruptions.pixels import Bytes, Codes, Ints, tiles

GRID = 8
"""The recipe draws its disk on a grid of ±8 pixels, or ±radius where that is more."""

FRACTION_BITS = 7


def defocus_blur(image: Bytes, radius: int, alias_sigma: float) -> Bytes:
    """Mean over a disk of ``radius`` pixels whose edge is softened by a small Gaussian; image edges mirrored.

    The recipe softens the disk on its grid and mirrors at the grid's edge, so a disk that touches the edge (radius 8 or
    more) gains weight there and the picture becomes about 1 % brighter. ``rim`` is that weight.
    """
    height, width = image.shape[:2]
    rim = 1 / (2 + math.exp(1 / (2 * alias_sigma**2))) if radius >= GRID else 0.0
    soft = 1 if radius <= GRID else 2
    reach = radius + soft
    padded = cv2.copyMakeBorder(image, reach, reach, reach, reach, cv2.BORDER_REFLECT_101)
    out = np.empty_like(image)
    for rows, columns in tiles(height, width):
        around = padded[rows.start : rows.stop + 2 * reach, columns.start : columns.stop + 2 * reach]
        disk = disk_mean(around, radius, rim)
        softened: Codes = cv2.GaussianBlur(disk, (2 * soft + 1, 2 * soft + 1), alias_sigma)
        out[rows, columns] = np.minimum(softened[soft:-soft, soft:-soft] >> FRACTION_BITS, 255)
    return out


def disk_mean(around: Bytes, radius: int, rim: float) -> Codes:
    """Sum over the disk dx² + dy² ≤ radius² divided by its area, with ``FRACTION_BITS`` fractional bits.

    ``around``: (h + 2·radius, w + 2·radius, 3); the result is (h, w, 3). ``rim``: extra weight of the lines |dx| =
    radius and |dy| = radius, each as long as the disk's next line inwards.

    The disk is a stack of horizontal runs, and the sum over a run is a difference of two running sums: 2·radius + 1
    additions for each value instead of π·radius², in whole numbers.
    """
    height, width = around.shape[0] - 2 * radius, around.shape[1] - 2 * radius
    half_widths = [math.isqrt(radius**2 - dy**2) for dy in range(-radius, radius + 1)]
    area = sum(2 * half + 1 for half in half_widths)
    running = np.zeros((around.shape[0], around.shape[1] + 1, 3), dtype=np.int32)
    np.cumsum(around, axis=1, dtype=np.int32, out=running[:, 1:])

    def run(half: int) -> Ints:
        """Sums over dx = −half..half: (h + 2·radius, w, 3)."""
        first, after = radius - half, radius + half + 1
        return running[:, after : after + width] - running[:, first : first + width]

    runs = {half: run(half) for half in set(half_widths)}
    total = np.zeros((height, width, 3), dtype=np.int32)
    for offset, half in enumerate(half_widths):
        total += runs[half][offset : offset + height]
    mean = total * ((1 << FRACTION_BITS) / area)
    if rim:
        side = half_widths[1]
        lines = runs[side][:height] + runs[side][2 * radius :]
        ends = runs[radius] - runs[radius - 1]
        for offset in range(radius - side, radius + side + 1):
            lines += ends[offset : offset + height]
        mean += lines * (rim * (1 << FRACTION_BITS) / area)
    return (mean + 0.5).astype(np.uint16)
