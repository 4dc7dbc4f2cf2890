"""Pictures of maps, drawn as the viewer in the browser draws them: for downloads and for the API."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from analysis.drawing import heat_overlay
from analysis.saliency import normalise_map
from app.inference.traced import ModelFacts
from app.library.photographs import resized
from app.views.payload import diverging

INK, PALE = (26, 26, 25), (117, 117, 110)
GAP, LINE = 16, 20


def unit_map(raw: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """A raw map (h, w) in [0, 1]: by its own minimum and maximum, or by ``limits`` shared with others."""
    if limits is None:
        return normalise_map(raw)[0]
    low, high = limits
    return np.clip((raw - low) / (high - low), 0, 1) if high > low else np.zeros_like(raw)


def shared_limits(maps: Sequence[np.ndarray]) -> tuple[float, float]:
    """The lowest and the highest value of several maps."""
    return min(float(one.min()) for one in maps), max(float(one.max()) for one in maps)


def overlay(picture: np.ndarray, unit: np.ndarray, model: ModelFacts, opacity: float) -> np.ndarray:
    """A map in [0, 1] of ``model`` over a picture, uint8."""
    return heat_overlay(picture, placed(picture, unit, model), opacity)


def difference_overlay(picture: np.ndarray, difference: np.ndarray, model: ModelFacts, opacity: float) -> np.ndarray:
    """A difference of maps in [−1, 1] over a picture: blue below, vermilion above."""
    colours = diverging(placed(picture, difference, model))
    return np.asarray(cv2.addWeighted(picture, 1 - opacity, colours, opacity, 0))


def placed(picture: np.ndarray, values: np.ndarray, model: ModelFacts) -> np.ndarray:
    """A map of the whole picture, upsampled to it as SPEC §5 says."""
    return model.placement(picture.shape[0], picture.shape[1]).to_source(values)


def sheet(
    pictures: Sequence[np.ndarray],
    captions: Sequence[str],
    *,
    columns: int,
    heading: str,
    footer: str,
    width: int = 320,
) -> np.ndarray:
    """Pictures in a grid, row by row, each with a line below, under a heading: uint8 (H, W, 3) on white."""
    scaled = [resized(picture, round(picture.shape[0] * width / picture.shape[1]), width) for picture in pictures]
    rows = [scaled[i : i + columns] for i in range(0, len(scaled), columns)]
    heights = [max(picture.shape[0] for picture in row) + LINE + GAP for row in rows]
    total = GAP + columns * (width + GAP)
    canvas = Image.new("RGB", (total, 3 * GAP + 2 * LINE + sum(heights)), "white")
    pen = ImageDraw.Draw(canvas)
    write(pen, (GAP, GAP), heading, 16, INK, total - 2 * GAP)
    top = 2 * GAP + LINE
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            left = GAP + j * (width + GAP)
            canvas.paste(Image.fromarray(picture), (left, top))
            write(pen, (left, top + picture.shape[0] + 4), captions[i * columns + j], 12, PALE, width)
        top += heights[i]
    write(pen, (GAP, top), footer, 12, PALE, total - 2 * GAP)
    return np.asarray(canvas)


def write(
    pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, colour: tuple[int, int, int], room: int
) -> None:
    """One line of text, made smaller until it fits into ``room`` pixels."""
    while size > 8 and pen.textlength(text, font=font(size)) > room:
        size -= 1
    pen.text(place, text, fill=colour, font=font(size))


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font: the same on every machine."""
    return ImageFont.load_default(size=size)


def png(picture: np.ndarray) -> bytes:
    """The picture as a PNG file."""
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return encoded.tobytes()
