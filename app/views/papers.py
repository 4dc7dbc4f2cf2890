"""Figures for papers: marks on a canvas, written as SVG, PDF or PNG at the size of the pictures (SPEC §5).

A figure is as wide as one and a half columns of a usual page, so its letters can still be read in one.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from analysis.colour_maps import ColourMap
from analysis.painting import Limits, peak_of
from analysis.paper_figures.canvas import Canvas, Polyline, Raster, Text
from analysis.paper_figures.sheet import Bar
from app.views.overlays import font

PAGE, GAP, MARGIN = 360.0, 7.0, 10.0
"""Points: the whole width, between two pictures, around them all."""

TITLE, CAPTION, SOFT, CHOSEN = 11.5, 9.5, "#656d76", "#0f766e"
LINE = 1.3 * CAPTION

PRINTED = 6.0
"""Pixels a point of a PDF: 432 an inch."""

ITERATES = 5
"""Pictures in a row, the photograph and the iterates of most models."""


def pictures_figure(
    pictures: Sequence[np.ndarray],
    captions: Sequence[str],
    *,
    columns: int,
    title: str,
    footer: str,
    bars: Sequence[Bar] = (),
    chosen: int | None = None,
    smooth: bool = True,
) -> Canvas:
    """Pictures uint8 (h, w, 3) row by row, each with its caption below, then colour bars and a footer.

    ``chosen``: the index of a picture that gets a frame. ``smooth`` False: the pixels of the pictures are squares.
    """
    columns = max(1, min(columns, len(pictures)))
    cell = (PAGE - 2 * MARGIN - (columns - 1) * GAP) / columns
    canvas = Canvas(PAGE, 0, title)
    top = MARGIN
    for line in wrapped(title, PAGE - 2 * MARGIN, TITLE):
        canvas.add(Text(line, MARGIN, top + TITLE / 2, TITLE, bold=True))
        top += 1.3 * TITLE
    top += 3
    for first in range(0, len(pictures), columns):
        below = top
        for i in range(first, min(first + columns, len(pictures))):
            left, height = MARGIN + (i - first) * (cell + GAP), cell * pictures[i].shape[0] / pictures[i].shape[1]
            canvas.add(Raster(pictures[i], left, top, cell, height, smooth=smooth))
            lines = [line for part in captions[i].split("\n") for line in wrapped(part, cell, CAPTION)]
            for k, line in enumerate(lines):
                place = top + height + 3 + LINE * (k + 0.5)
                canvas.add(Text(line, left, place, CAPTION, bold=i == chosen and k == 0))
            if i == chosen:
                right, bottom = left + cell, top + height
                corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
                canvas.add(Polyline(corners, colour=CHOSEN, width=2))
            below = max(below, top + height + 3 + LINE * len(lines))
        top = below + GAP
    for colours, low, high in bars:
        start = MARGIN + font(CAPTION).getlength(low) + 5
        canvas.add(
            Text(low, MARGIN, top + 5, CAPTION),
            Raster(colours, start, top + 1, 110, 8),
            Text(high, start + 115, top + 5, CAPTION),
        )
        top += LINE + 2
    for line in wrapped(footer, PAGE - 2 * MARGIN, CAPTION):
        canvas.add(Text(line, MARGIN, top + LINE / 2, CAPTION, colour=SOFT))
        top += LINE
    canvas.height = top + MARGIN
    return canvas


def iterates_figure(
    photograph: np.ndarray,
    drawn: Sequence[np.ndarray],
    ranges: Sequence[Limits],
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
    told = [f"t = {t}" + ("" if shared else f"\n{low:.3g} to {high:.3g}") for t, (low, high) in enumerate(ranges)]
    return pictures_figure(
        [photograph, *drawn],
        ["photograph", *told],
        columns=ITERATES,
        title=title,
        footer=footer,
        bars=[colour_bar(colours, ranges[0] if shared else None)],
        chosen=chosen + 1,
    )


def colour_bar(colours: ColourMap, limits: Limits | None, own: tuple[str, str] = ("min", "max")) -> Bar:
    """A colour map with the values at its ends; ``limits`` None: every map has its own, called ``own``."""
    if limits is None:
        least, most = ("−max", "+max") if colours.signed else own
    elif colours.signed:
        least, most = f"−{peak_of(limits):.3g}", f"+{peak_of(limits):.3g}"
    else:
        least, most = (f"{value:.3g}" for value in limits)
    return colours.bar(), least, most


def wrapped(text: str, width: float, size: float) -> list[str]:
    """The lines of a text that is ``width`` points wide, broken between its words."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font(size).getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def picture_figure(picture: np.ndarray, title: str) -> Canvas:
    """A finished picture as it is: a point is a pixel."""
    height, width = picture.shape[:2]
    return Canvas(width, height, title, [Raster(picture, 0, 0, width, height)])


def as_png(canvas: Canvas, picture_width: int) -> np.ndarray:
    """uint8 (H, W, 3), its first picture ``picture_width`` pixels wide."""
    first = next(mark for mark in canvas.marks if isinstance(mark, Raster))
    return np.asarray(canvas.pixels(picture_width / first.width))


def as_pdf(canvas: Canvas, scale: float = PRINTED) -> bytes:
    """One page, its pixels ``scale`` a point."""
    buffer = io.BytesIO()
    canvas.pixels(scale).save(buffer, "PDF", resolution=72 * scale, title=canvas.title, quality=95)
    return buffer.getvalue()
