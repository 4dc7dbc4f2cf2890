"""Sheets of pictures: for downloads and for the API."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.library.photographs import resized

INK, PALE = (26, 26, 25), (117, 117, 110)
GAP, LINE = 16, 20


def shared_limits(maps: Sequence[np.ndarray]) -> tuple[float, float]:
    """The lowest and the highest value of several maps."""
    return min(float(one.min()) for one in maps), max(float(one.max()) for one in maps)


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


def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font: the same on every machine."""
    return ImageFont.load_default(size=size)


def png(picture: np.ndarray) -> bytes:
    """The picture as a PNG file."""
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return encoded.tobytes()
