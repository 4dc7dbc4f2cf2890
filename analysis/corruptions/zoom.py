"""Zoom blur: the mean of an image and its enlargements about the centre."""

from __future__ import annotations

import math

import cv2
import numpy as np

from analysis.corruptions.pixels import FRACTION, Bytes, Codes, Ints, bands


def zoom_blur(image: Bytes, step: float, count: int) -> Bytes:
    """Mean of the image and of its zooms 1, 1 + step, …, ``count`` of them (the unzoomed image thus counts twice)."""
    height, width = image.shape[:2]
    centres = [(factor, centre(image, factor)) for factor in (1 + step * index for index in range(1, count))]
    out = np.empty_like(image)
    for rows in bands(height, width):
        total = image[rows].astype(np.uint16) * np.uint16(2)
        for factor, part in centres:
            total += enlarged(part, factor, rows, width)
        out[rows] = total // np.uint16(count + 1)
    return out


def centre(image: Bytes, factor: float) -> Bytes:
    """The middle of an image that fills it again when enlarged by ``factor``."""
    # The allowance keeps 224 / 1.12 at 200 where division gives a little more.
    height, width = (math.ceil(side / factor - 1e-9) for side in image.shape[:2])
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def enlarged(source: Bytes, factor: float, rows: slice, width: int) -> Bytes:
    """Rows ``rows`` and the first ``width`` columns of ``source`` enlarged by ``factor``, bilinear, corner pixels kept
    in the corners. uint8, or uint16 below 2¹⁴ (for which the interpolation is exact)."""
    down = positions(np.arange(rows.start, rows.stop), source.shape[0], factor)[:, None]
    across = positions(np.arange(width), source.shape[1], factor)
    places = np.empty((rows.stop - rows.start, width, 2), dtype=np.int16)
    places[..., 0], places[..., 1] = across // FRACTION, down // FRACTION
    weights = (down % FRACTION * FRACTION).astype(np.uint16) + (across % FRACTION).astype(np.uint16)
    return cv2.remap(source, places, weights, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def positions(pixels: Ints, length: int, factor: float) -> Ints:
    """Where enlarged pixels lie in a side of ``length`` pixels, in 32nds: ends on ends."""
    return np.rint(pixels * ((length - 1) * FRACTION / (round(length * factor) - 1))).astype(np.int32)


def enlarged_field(codes: Codes, factor: float, height: int, width: int) -> Codes:
    """A field enlarged by ``factor`` and cut to (height, width)."""
    return np.concatenate([enlarged(codes, factor, rows, width) for rows in bands(height, width)])
