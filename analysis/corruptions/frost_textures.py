"""Frost textures: grown from noise, or cut from a folder of photographs."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

from analysis.corruptions.blur import smear
from analysis.corruptions.pixels import Bytes, Codes, Floats, bands, in_colour, smooth
from vars_core.data.listing import list_files
from vars_core.errors import InputError
from vars_core.images import decode_image

TINT = (0.94, 1.0, 1.05)
NEEDLE_LENGTH = 16


def grow(height: int, width: int, rng: np.random.Generator) -> Bytes:
    """A new sheet of ice: needles in three directions 60° apart, each strongest in regions of its own, veins along the
    folds of smooth noise, and slow changes of thickness. uint8 (height, width, 3), slightly blue."""
    brightness = rng.uniform(120, 204)
    first = rng.uniform(0, 60)
    margin = NEEDLE_LENGTH
    draw = rng.integers(0, 256, (height + 2 * margin, width + 2 * margin), dtype=np.uint8)
    seeds = np.where(draw < 16, np.uint8(255), np.uint8(0))
    inside = (slice(margin, margin + height), slice(margin, margin + width))
    needles = [smear(seeds, NEEDLE_LENGTH // 2, 7, first + 60 * turn)[inside] for turn in range(3)]
    regions = [smooth_noise(height, width, 28, rng) for _ in needles]
    thickness = smooth_noise(height, width, 60, rng)
    folds = [smooth_noise(height, width, cell, rng) for cell in (24, 8)]
    out = np.empty((height, width, 3), dtype=np.uint8)
    for rows in bands(height, width):
        strengths = [needle[rows] * unit(region[rows]) for needle, region in zip(needles, regions, strict=True)]
        crystal = np.maximum(np.maximum(strengths[0], strengths[1]), strengths[2])
        level = crystal * np.float32(1.5) + unit(thickness[rows]) * np.float32(110) + np.float32(brightness - 110)
        for fold in folds:
            level += (np.float32(0.5) - np.abs(unit(fold[rows]) - np.float32(0.5))) * np.float32(70)
        tinted = in_colour(*(level * np.float32(shade) for shade in TINT))
        out[rows] = np.clip(tinted, 0, 255, out=tinted).astype(np.uint8)
    return out


def smooth_noise(height: int, width: int, cell: int, rng: np.random.Generator) -> Codes:
    """Smooth noise uint16 (height, width) whose features measure about ``cell`` pixels and more."""
    rows, columns = (-(-side * 2 // cell) + 1 for side in (height, width))
    draw = smooth(rng.integers(0, 1 << 16, (rows, columns), dtype=np.uint16), (1.0, 1.0), border=cv2.BORDER_REFLECT)
    return cv2.resize(draw, None, fx=cell / 2, fy=cell / 2, interpolation=cv2.INTER_LINEAR_EXACT)[:height, :width]


def unit(codes: Codes) -> Floats:
    """Smoothed noise stretched to 0..1: the smoothing left it a spread of about 0.08 about the middle."""
    stretched = codes.astype(np.float32)
    stretched -= np.float32(32768)
    stretched *= np.float32(1 / 26000)
    stretched += np.float32(0.5)
    return np.clip(stretched, 0, 1, out=stretched)


class FrostFolder:
    """Frost from a folder of photographs: one chosen at random, enlarged where too small, cut at a random place."""

    def __init__(self, folder: str | Path) -> None:
        """Raises InputError where ``folder`` holds no image file."""
        self.folder = Path(folder)
        self.files = list_files(self.folder, deep=False).files if self.folder.is_dir() else ()
        if not self.files:
            raise InputError(f"expected a folder of frost photographs, found no image in '{self.folder}'")

    def __call__(self, height: int, width: int, rng: np.random.Generator) -> Bytes:
        """A texture uint8 (height, width, 3)."""
        file = self.files[int(rng.integers(len(self.files)))]
        photograph = decode_image(file)
        scale = max(1.0, height / photograph.shape[0], width / photograph.shape[1])
        if scale > 1:
            size = [math.ceil(side * scale) for side in photograph.shape[1::-1]]
            photograph = cv2.resize(photograph, size, interpolation=cv2.INTER_LINEAR_EXACT)
        top, left = (
            int(rng.integers(have - want + 1)) for have, want in zip(photograph.shape[:2], (height, width), strict=True)
        )
        return np.ascontiguousarray(photograph[top : top + height, left : left + width])
