"""Digital: elastic transform, pixelate, JPEG compression."""

from __future__ import annotations

import io
import math

import cv2
import numpy as np
from PIL import Image

from analysis.corruptions.pixels import FRACTION, Bytes, Codes, Ints, bands, smooth


def elastic_transform(image: Bytes, alpha: float, rng: np.random.Generator) -> Bytes:
    """Every pixel taken from a place displaced by a smooth random field; bilinear, edges mirrored.

    The displacement is uniform in ±0.005·height, smoothed with σ = 0.01 of each side, times ``alpha``.
    """
    height, width = image.shape[:2]
    across, down = (displacement(height, width, alpha, rng) for _ in range(2))
    source = image.astype(np.uint16) << 6  # with 10 bits of weights this stays exact in float32
    columns = np.arange(width, dtype=np.int32) * FRACTION
    out = np.empty_like(image)
    for rows in bands(height, width):
        x = columns + across[rows]
        y = np.arange(rows.start, rows.stop, dtype=np.int32)[:, None] * FRACTION + down[rows]
        places = np.stack([x // FRACTION, y // FRACTION], axis=-1).astype(np.int16)
        weights = (y % FRACTION * FRACTION + x % FRACTION).astype(np.uint16)
        sampled: Codes = cv2.remap(source, places, weights, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        out[rows] = sampled >> 6
    return out


def displacement(height: int, width: int, alpha: float, rng: np.random.Generator) -> Ints:
    """A smooth field (height, width) in 32nds of a pixel.

    Where σ is large the uniform values are drawn on a coarser grid, one for each block of k pixels with σ/k ≥ 2, scaled
    by 1/√k for each axis to keep the smoothed field's spread, and enlarged after smoothing: the work stays
    proportional to the pixels although the kernel grows with the image.
    """
    sigma = (0.01 * height, 0.01 * width)
    blocks = [max(1, math.floor(s / 2)) for s in sigma]
    shape = [-(-side // block) for side, block in zip((height, width), blocks, strict=True)]
    draw = rng.integers(0, 1 << 16, shape, dtype=np.uint16)
    soft = smooth(draw, (sigma[0] / blocks[0], sigma[1] / blocks[1]), truncate=3, border=cv2.BORDER_REFLECT)
    if blocks != [1, 1]:
        soft = cv2.resize(soft, None, fx=blocks[1], fy=blocks[0], interpolation=cv2.INTER_LINEAR_EXACT)[:height, :width]
    reach = 0.005 * height * alpha * FRACTION / math.sqrt(blocks[0] * blocks[1])
    out = np.empty((height, width), dtype=np.int32)
    for rows in bands(height, width):
        out[rows] = np.rint((soft[rows].astype(np.float32) - np.float32(32767.5)) * np.float32(reach / 32767.5))
    return out


def pixelate(image: Bytes, scale: float) -> Bytes:
    """Shrunk by ``scale`` with a box filter, enlarged again by repeating pixels."""
    height, width = image.shape[:2]
    small = Image.fromarray(image).resize((int(width * scale), int(height * scale)), Image.Resampling.BOX)
    return cv2.resize(np.asarray(small), (width, height), interpolation=cv2.INTER_NEAREST_EXACT)


def jpeg_compression(image: Bytes, quality: int) -> Bytes:
    """Through JPEG at ``quality`` (4:2:0) and back."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return np.array(Image.open(buffer))
