"""The recipes written down plainly with NumPy, SciPy and scikit-image, in float64.

They are what the fast ones' speed is compared with, and an oracle for those that draw nothing. Each takes x (H, W, 3)
in [0, 1], the parameters of the table and a generator, and returns the same shape, not yet clipped.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from scipy import ndimage
from skimage import color, filters, util

from analysis.corruptions.pixels import Bytes, Floats
from analysis.corruptions.table import FORMULAS


def reference(image: Bytes, name: str, severity: int, rng: np.random.Generator) -> Bytes:
    """``image`` corrupted the plain way; ``name`` one of ``REFERENCES``."""
    values = REFERENCES[name](image / 255.0, *FORMULAS[name].parameters[severity - 1], rng)
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)


def gaussian_noise(x: Floats, sigma: float, rng: np.random.Generator) -> Floats:
    return x + rng.normal(scale=sigma, size=x.shape)


def shot_noise(x: Floats, photons: int, rng: np.random.Generator) -> Floats:
    return rng.poisson(x * photons) / photons


def impulse_noise(x: Floats, amount: float, rng: np.random.Generator) -> Floats:
    return util.random_noise(x, mode="s&p", amount=amount, rng=rng)


def speckle_noise(x: Floats, sigma: float, rng: np.random.Generator) -> Floats:
    return x + x * rng.normal(scale=sigma, size=x.shape)


def gaussian_blur(x: Floats, sigma: float, rng: np.random.Generator) -> Floats:
    return filters.gaussian(x, sigma=sigma, channel_axis=-1)


def defocus_blur(x: Floats, radius: int, alias_sigma: float, rng: np.random.Generator) -> Floats:
    reach = max(8, radius)
    offsets = np.arange(-reach, reach + 1)
    disk = (offsets[:, None] ** 2 + offsets**2 <= radius**2).astype(np.float64)
    size = 3 if radius <= 8 else 5
    return cv2.filter2D(x, -1, cv2.GaussianBlur(disk / disk.sum(), (size, size), alias_sigma))


def glass_blur(x: Floats, sigma: float, reach: int, passes: int, rng: np.random.Generator) -> Floats:
    pixels = filters.gaussian(x, sigma=sigma, channel_axis=-1)
    height, width = pixels.shape[:2]
    for _ in range(passes):
        for row in range(height - reach, reach, -1):
            for column in range(width - reach, reach, -1):
                down, across = rng.integers(-reach, reach, size=2)
                pixels[row, column] = pixels[row + down, column + across]
    return filters.gaussian(pixels, sigma=sigma, channel_axis=-1)


def zoom_blur(x: Floats, step: float, count: int, rng: np.random.Generator) -> Floats:
    total = x.copy()
    for factor in (1 + step * index for index in range(count)):
        height, width = (int(np.ceil(side / factor)) for side in x.shape[:2])
        top, left = (x.shape[0] - height) // 2, (x.shape[1] - width) // 2
        layer = ndimage.zoom(x[top : top + height, left : left + width], (factor, factor, 1), order=1)
        total += layer[: x.shape[0], : x.shape[1]]
    return total / (count + 1)


def brightness(x: Floats, amount: float, rng: np.random.Generator) -> Floats:
    hsv = color.rgb2hsv(x)
    hsv[..., 2] = np.clip(hsv[..., 2] + amount, 0, 1)
    return color.hsv2rgb(hsv)


def saturate(x: Floats, factor: float, offset: float, rng: np.random.Generator) -> Floats:
    hsv = color.rgb2hsv(x)
    hsv[..., 1] = np.clip(hsv[..., 1] * factor + offset, 0, 1)
    return color.hsv2rgb(hsv)


def contrast(x: Floats, factor: float, rng: np.random.Generator) -> Floats:
    mean = x.mean(axis=(0, 1))
    return (x - mean) * factor + mean


def elastic_transform(x: Floats, alpha: float, rng: np.random.Generator) -> Floats:
    height, width = x.shape[:2]
    reach = 0.005 * height
    down, across = (
        ndimage.gaussian_filter(
            rng.uniform(-reach, reach, (height, width)), (0.01 * height, 0.01 * width), mode="reflect", truncate=3
        )
        for _ in range(2)
    )
    rows, columns = np.mgrid[:height, :width]
    places = [rows + alpha * down, columns + alpha * across]
    return np.stack([ndimage.map_coordinates(x[..., c], places, order=1, mode="reflect") for c in range(3)], axis=-1)


REFERENCES: dict[str, Callable[..., Floats]] = {
    function.__name__: function
    for function in (
        gaussian_noise,
        shot_noise,
        impulse_noise,
        speckle_noise,
        gaussian_blur,
        defocus_blur,
        glass_blur,
        zoom_blur,
        brightness,
        saturate,
        contrast,
        elastic_transform,
    )
}
"""Those for which a plain form is worth timing; pixelate and JPEG are single library calls in any form."""
