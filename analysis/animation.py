"""The iterates of a layer one after another, as an animated picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from analysis.drawing import heat_overlay
from analysis.placed_map import placed
from analysis.source_factors import single_factors
from vars_core.errors import InputError
from vars_core.images import Placement

LABEL = 26
FORMATS = (".gif", ".webp")


def frames(image: np.ndarray, maps: np.ndarray, caption: str = "", width: int = 448) -> list[np.ndarray]:
    """A frame an iterate: the map over the photograph, by its own minimum and maximum, t and the caption below.

    ``image`` uint8 (H, W, 3); ``maps`` (T+1, h, w), of the whole photograph. Nothing is made up between two iterates.
    Returns uint8 (height, ``width``, 3) each.
    """
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    photograph = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))
    factors = single_factors(Placement(height, width, max(maps.shape[1:])), (maps.shape[1], maps.shape[2]))
    found = []
    for t, values in enumerate(maps):
        frame = Image.new("RGB", (width, height + LABEL), "white")
        frame.paste(Image.fromarray(heat_overlay(photograph, placed(values, factors).unit)))
        font = ImageFont.load_default(13)
        ImageDraw.Draw(frame).text((6, height + LABEL / 2), f"t = {t}   {caption}", "#1f2328", font, "lm")
        found.append(np.asarray(frame))
    return found


def write_animation(pictures: Sequence[np.ndarray], path: Path, seconds: float = 0.8) -> Path:
    """Write frames that repeat, ``seconds`` each and the last twice as long, as GIF or WebP by the file's suffix.

    Raises:
        InputError: another suffix, or no frames.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"expected an animation as {' or '.join(FORMATS)}, got {path.suffix!r}")
    if not pictures:
        raise InputError("expected at least one frame, got none")
    first, *rest = (Image.fromarray(picture) for picture in pictures)
    each = round(1000 * seconds)
    durations = [each] * (len(pictures) - 1) + [2 * each]
    first.save(path, save_all=True, append_images=rest, duration=durations, loop=0)
    return path
