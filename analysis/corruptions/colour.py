"""Colour, pixel by pixel: brightness, saturation, contrast. All three are look-ups in small tables."""

from __future__ import annotations

import cv2
import numpy as np

from analysis.corruptions.pixels import Bytes, Floats, bands, in_colour, to_bytes


def brightness(image: Bytes, amount: float) -> Bytes:
    """``amount`` added to V of HSV.

    With hue and saturation held, raising V to V' multiplies each channel by V'/V; black becomes grey of V'. The result
    depends on the pixel's largest channel and the channel itself: a table of 256 × 256.
    """
    value = np.arange(256, dtype=np.float64)[:, None]
    raised = np.minimum(value + 255 * amount, 255)
    channel = np.arange(256, dtype=np.float64)[None]
    table = to_bytes(np.where(value > 0, channel * raised / np.maximum(value, 1), raised)).reshape(-1)
    out = np.empty_like(image)
    for rows in bands(*image.shape[:2]):
        band = image[rows]
        out[rows] = table.take(in_colour(largest(band).astype(np.uint16) << 8) + band)
    return out


def saturate(image: Bytes, factor: float, offset: float) -> Bytes:
    """S of HSV times ``factor`` plus ``offset``, clipped to 0..1.

    With hue and V held, a channel's distance below V scales as S does: the gain is a table over the largest and the
    smallest channel. A grey pixel has no hue; it counts as red, so it keeps its red and an offset lowers the other two.
    """
    gains = saturation_gains(factor, offset)
    shade = np.float32(1 - min(max(offset, 0.0), 1.0))
    out = np.empty_like(image)
    for rows in bands(*image.shape[:2]):
        band = image[rows]
        top, low = largest(band), smallest(band)
        gain = gains.take(top.astype(np.intp) * 256 + low)
        tops = in_colour(top)
        levels = tops - (tops - band) * in_colour(gain)
        if offset > 0:
            grey = top == low
            levels[..., 1:] = np.where(grey[..., None], top[..., None] * shade, levels[..., 1:])
        out[rows] = to_bytes(levels)
    return out


def saturation_gains(factor: float, offset: float) -> Floats:
    """S'/S for every largest and smallest channel, flat at 256·largest + smallest; 1 where S = 0."""
    top = np.arange(256, dtype=np.float64)[:, None]
    chroma = np.maximum(top - np.arange(256)[None], 0)
    saturation = chroma / np.maximum(top, 1)
    raised = np.clip(saturation * factor + offset, 0, 1)
    return np.where(chroma > 0, raised / np.where(chroma > 0, saturation, 1), 1).astype(np.float32).reshape(-1)


def contrast(image: Bytes, factor: float) -> Bytes:
    """Distances from each channel's mean, times ``factor``."""
    height, width = image.shape[:2]
    mean = np.array(cv2.sumElems(image)[:3]) / (height * width)  # whole numbers, held exactly
    levels = np.arange(256, dtype=np.float64)[:, None]
    return cv2.LUT(image, to_bytes((levels - mean) * factor + mean)[None])


def largest(image: Bytes) -> Bytes:
    """V of HSV in grey levels: (height, width)."""
    return np.maximum(np.maximum(image[..., 0], image[..., 1]), image[..., 2])


def smallest(image: Bytes) -> Bytes:
    """The smallest channel of every pixel: (height, width)."""
    return np.minimum(np.minimum(image[..., 0], image[..., 1]), image[..., 2])
