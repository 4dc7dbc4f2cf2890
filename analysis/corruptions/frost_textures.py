"""Frost textures: grown from noise, or cut from a folder of photographs."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

from analysis.corruptions.blur import smear
from analysis.corruptions.pixels import Bytes, Codes, Floats, bands, smooth
from vars_core.errors import InputError

TINT = (0.94, 1.0, 1.05)
IMAGE_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def grow(height: int, width: int, rng: np.random.Generator) -> Bytes:
    """A new sheet of ice: needles in three directions 60° apart, veins where smooth noise crosses its middle, and
    slow changes of thickness. uint8 (height, width, 3), slightly blue."""
    brightness = rng.uniform(125, 195)
    first = rng.uniform(0, 60)
    seeds = np.where(rng.integers(0, 256, (height, width), dtype=np.uint8) < 20, np.uint8(255), np.uint8(0))
    domains = [smooth_noise(height, width, 30, rng) for _ in range(3)]
    needles = [smear(seeds, 8, 6, first + 60 * turn) for turn in range(3)]
    thickness = smooth_noise(height, width, 60, rng)
    folds = [smooth_noise(height, width, cell, rng) for cell in (24, 8)]
    out = np.empty((height, width, 3), dtype=np.uint8)
    for rows in bands(height, width):
        crystal = np.maximum.reduce(
            [needle[rows] * unit(domain[rows]) for needle, domain in zip(needles, domains, strict=True)]
        )
        veins = sum(np.float32(0.5) - np.abs(unit(fold[rows]) - np.float32(0.5)) for fold in folds)
        level = (unit(thickness[rows]) - np.float32(0.5)) * np.float32(140) + np.float32(brightness - 60)
        level += crystal * np.float32(0.9) + veins * np.float32(60)
        out[rows] = np.clip(level[..., None] * np.array(TINT, dtype=np.float32), 0, 255).astype(np.uint8)
    return out


def smooth_noise(height: int, width: int, cell: int, rng: np.random.Generator) -> Codes:
    """Smooth noise uint16 (height, width) whose features measure about ``cell`` pixels and more."""
    rows, columns = (-(-side * 2 // cell) + 1 for side in (height, width))
    draw = smooth(rng.integers(0, 1 << 16, (rows, columns), dtype=np.uint16), (1.0, 1.0), border=cv2.BORDER_REFLECT)
    return cv2.resize(draw, None, fx=cell / 2, fy=cell / 2, interpolation=cv2.INTER_LINEAR_EXACT)[:height, :width]


def unit(codes: Codes) -> Floats:
    """Smoothed noise stretched to 0..1: the smoothing left it a spread of about 0.08 about the middle."""
    return np.clip((codes.astype(np.float32) - np.float32(32768)) * np.float32(1 / 26000) + np.float32(0.5), 0, 1)


class FrostFolder:
    """Frost from the photographs in a folder: one chosen at random, enlarged where smaller than asked, cut at random."""

    def __init__(self, folder: str | Path) -> None:
        """Raises InputError where ``folder`` holds no image file."""
        self.folder = Path(folder)
        files = self.folder.iterdir() if self.folder.is_dir() else ()
        self.files = sorted(file for file in files if file.suffix.lower() in IMAGE_SUFFIXES)
        if not self.files:
            raise InputError(f"expected a folder of frost photographs, found no image in '{self.folder}'")

    def __call__(self, height: int, width: int, rng: np.random.Generator) -> Bytes:
        """A texture uint8 (height, width, 3)."""
        file = self.files[int(rng.integers(len(self.files)))]
        photograph = cv2.imdecode(np.fromfile(file, dtype=np.uint8), cv2.IMREAD_COLOR)
        if photograph is None:
            raise InputError(f"expected a readable frost photograph, '{file}' is none")
        scale = max(1.0, height / photograph.shape[0], width / photograph.shape[1])
        if scale > 1:
            size = [math.ceil(side * scale) for side in photograph.shape[1::-1]]
            photograph = cv2.resize(photograph, size, interpolation=cv2.INTER_LINEAR_EXACT)
        top, left = (
            int(rng.integers(have - want + 1)) for have, want in zip(photograph.shape[:2], (height, width), strict=True)
        )
        return np.ascontiguousarray(photograph[top : top + height, left : left + width, ::-1])
