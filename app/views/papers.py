"""Figures for papers: marks on a canvas, written as SVG, PDF or PNG at the size of the pictures (SPEC §5)."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from analysis.colour_maps import ColourMap
from analysis.painting import peak_of
from analysis.paper_figures.canvas import Canvas, Polyline, Raster, Text

WIDTH, GAP, MARGIN = 200.0, 10.0, 12.0
"""Points: of a picture, between two, around them all."""

TITLE, CAPTION, SOFT, CHOSEN = 13, 10, "#656d76", "#0f766e"
PRINTED = 4.0
"""Pixels a point of a PDF: 288 an inch."""


def iterates_figure(
    photograph: np.ndarray,
    drawn: Sequence[np.ndarray],
    ranges: Sequence[tuple[float, float]],
    *,
    chosen: int,
    title: str,
    footer: str,
    shared: bool,
    colours: ColourMap,
) -> Canvas:
    """The photograph, then a layer's iterates in order, the chosen one in a frame, and what the colours mean.

    ``photograph`` and ``drawn`` (the maps over it) are uint8 (h, w, 3) of one size; ``ranges``: the least and the
    greatest value of each map, or of all of them where the scale is ``shared``. ``colours``: of the maps.
    """
    height = WIDTH * photograph.shape[0] / photograph.shape[1]
    columns = 1 + len(drawn)
    total = 2 * MARGIN + columns * WIDTH + (columns - 1) * GAP
    top = MARGIN + TITLE + 10
    canvas = Canvas(total, top + height + 62 + MARGIN, title)
    canvas.add(Text(title, MARGIN, MARGIN + TITLE / 2, TITLE, bold=True))
    for i, picture in enumerate([photograph, *drawn]):
        left = MARGIN + i * (WIDTH + GAP)
        canvas.add(Raster(picture, left, top, WIDTH, height))
        said = "photograph" if i == 0 else f"t = {i - 1}"
        if i and not shared:
            low, high = ranges[i - 1]
            said += f"   {low:.3g} to {high:.3g}"
        canvas.add(Text(said, left, top + height + 11, CAPTION, bold=i == chosen + 1))
        if i == chosen + 1:
            right, bottom = left + WIDTH, top + height
            corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
            canvas.add(Polyline(corners, colour=CHOSEN, width=3))
    bar = top + height + 28
    least, most = ("-max", "+max") if colours.signed else ("min", "max")
    if shared:
        peak = peak_of(ranges[0])
        least, most = (f"{value:.3g}" for value in ((-peak, peak) if colours.signed else ranges[0]))
    canvas.add(
        Text(least, MARGIN, bar + 5, CAPTION),
        Raster(colours.bar(), MARGIN + 40, bar, 140, 10),
        Text(most, MARGIN + 188, bar + 5, CAPTION),
        Text(footer, MARGIN, bar + 26, CAPTION, colour=SOFT),
    )
    return canvas


def picture_figure(picture: np.ndarray, title: str) -> Canvas:
    """A finished picture as it is: a point is a pixel."""
    height, width = picture.shape[:2]
    return Canvas(width, height, title, [Raster(picture, 0, 0, width, height)])


def as_png(canvas: Canvas, picture_width: int) -> np.ndarray:
    """uint8 (H, W, 3), a picture of it ``picture_width`` pixels wide."""
    return np.asarray(canvas.pixels(picture_width / WIDTH))


def as_pdf(canvas: Canvas, scale: float = PRINTED) -> bytes:
    """One page, its pixels ``scale`` a point."""
    buffer = io.BytesIO()
    canvas.pixels(scale).save(buffer, "PDF", resolution=72 * scale, title=canvas.title, quality=95)
    return buffer.getvalue()
