"""A figure as wide as a column of a paper, filled from above: how every export of pictures is laid out.

Its letters are printed as large as they are drawn; whoever puts the figure into a column need not scale it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from analysis.colour_maps import ColourMap
from analysis.painting import Limits, peak_of
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.marks import INK, SOFT, Box, Polyline, Raster, Text
from analysis.paper_figures.typeface import typeface

WIDTH, MARGIN, GAP = 241.0, 3.0, 4.0
"""Points: a column of 85 mm, around everything, between two pictures."""

TITLE, CAPTION, CHOSEN = 8.0, 7.0, "#0f766e"
"""Sizes of letters in points, the colour of the frame around what was chosen."""

LINE = 1.25
"""From a line to the next, in sizes of its letters."""

BAR_WIDTH, BAR_HEIGHT, TICK = 96.0, 5.0, 2.0

MOST = 5
"""Pictures in a row."""


@dataclass(frozen=True)
class Bar:
    """A colour map and what its colours mean: ``colours`` (1, n, 3), what is said at its ends and in its middle, and
    ``words`` beside it.
    """

    colours: np.ndarray
    low: str
    high: str
    middle: str = ""
    words: str = ""


def colour_bar(colours: ColourMap, limits: Limits | None, words: str = "") -> Bar:
    """A colour map with the values at its ends; ``limits`` None: every map has its own, and the bar says so."""
    if limits is None:
        own = words or "of each map by itself"
        low, middle, high = ("−max", "0", "+max") if colours.signed else ("min", "", "max")
        return Bar(colours.bar(), low, high, middle, own)
    if colours.signed:
        peak = f"{peak_of(limits):.3g}"
        return Bar(colours.bar(), f"−{peak}", f"+{peak}", "0", words)
    low, middle, high = (f"{value:.3g}".replace("-", "−") for value in (limits[0], sum(limits) / 2, limits[1]))
    return Bar(colours.bar(), low, high, middle, words)


def draw_bar(canvas: Canvas, bar: Bar, x: float, y: float, size: float = CAPTION, width: float = BAR_WIDTH) -> float:
    """A bar with ticks and numbers of ``size`` on a canvas, its upper left corner at x, y; returns its height."""
    below, beside = y + BAR_HEIGHT + TICK + 0.6 * size, x + width + size
    canvas.add(
        Raster(bar.colours, x, y, width, BAR_HEIGHT, "colour scale"), Box(x, y, width, BAR_HEIGHT, None, INK, 0.4)
    )
    for share, text, anchor in ((0, bar.low, "start"), (0.5, bar.middle, "middle"), (1, bar.high, "end")):
        if text:
            at = x + share * width
            canvas.add(Polyline([(at, y + BAR_HEIGHT), (at, y + BAR_HEIGHT + TICK)], INK, 0.4))
            canvas.add(Text(text, at, below, size, anchor))
    for k, line in enumerate(typeface().wrapped(bar.words, canvas.width - beside - MARGIN, size)):
        canvas.add(Text(line, beside, y + BAR_HEIGHT / 2 + LINE * size * k, size))
    return BAR_HEIGHT + TICK + LINE * size


class Column:
    """A figure under a title; each method adds what it is called below what is there."""

    def __init__(self, title: str) -> None:
        self.canvas = Canvas(WIDTH, MARGIN, title)
        self.room = WIDTH - 2 * MARGIN
        self._write(title, TITLE, INK, bold=True)
        self.space(2)

    @property
    def top(self) -> float:
        """Where what comes next begins."""
        return self.canvas.height - MARGIN

    def space(self, height: float) -> None:
        """Leave room."""
        self.canvas.height += height

    def pictures(
        self,
        pictures: Sequence[np.ndarray],
        captions: Sequence[str],
        *,
        columns: int,
        chosen: int | None = None,
        keys: Sequence[str] = (),
        smooth: bool = True,
    ) -> None:
        """Pictures uint8 (h, w, 3) row by row, each with its caption below.

        ``chosen``: the index of one that gets a frame. ``keys``: a colour each, of its curve in a chart below.
        ``smooth`` False: their pixels are squares.
        """
        columns = max(1, min(columns, len(pictures)))
        cell = (self.room - (columns - 1) * GAP) / columns
        for first in range(0, len(pictures), columns):
            top, below = self.top, self.top
            for i in range(first, min(first + columns, len(pictures))):
                left, height = MARGIN + (i - first) * (cell + GAP), cell * pictures[i].shape[0] / pictures[i].shape[1]
                self.canvas.add(Raster(pictures[i], left, top, cell, height, smooth=smooth))
                if i == chosen:
                    self.canvas.add(Box(left, top, cell, height, None, CHOSEN, 1.5))
                under, bold = top + height + 1.5, i == chosen
                below = max(below, self._caption(captions[i], left, under, cell, bold, keys[i] if keys else None))
            self.space(below + GAP - top)

    def _caption(self, text: str, left: float, top: float, width: float, bold: bool, key: str | None) -> float:
        """A text under a picture, beside a stroke in the colour ``key`` where there is one; returns where it ends."""
        indent = 0.0 if key is None else 10.0
        if key is not None:
            middle = top + LINE * CAPTION / 2
            self.canvas.add(Polyline([(left, middle), (left + 8, middle)], key, 1.5))
        for part in text.split("\n"):
            for line in typeface(bold).wrapped(part, width - indent, CAPTION):
                self.canvas.add(Text(line, left + indent, top + LINE * CAPTION / 2, CAPTION, bold=bold))
                top += LINE * CAPTION
        return top

    def bars(self, bars: Sequence[Bar]) -> None:
        """What colours mean, one below the other."""
        for bar in bars:
            self.space(draw_bar(self.canvas, bar, MARGIN, self.top + 1) + 3)

    def words(self, text: str) -> None:
        """Lines in grey."""
        self._write(text, CAPTION, SOFT)

    def _write(self, text: str, size: float, colour: str, bold: bool = False) -> None:
        for line in typeface(bold).wrapped(text, self.room, size):
            self.canvas.add(Text(line, MARGIN, self.top + LINE * size / 2, size, colour=colour, bold=bold))
            self.space(LINE * size)


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
    """Pictures with their captions, then colour bars and a footer; see `Column.pictures`."""
    column = Column(title)
    column.pictures(pictures, captions, columns=columns, chosen=chosen, smooth=smooth)
    column.bars(bars)
    column.words(footer)
    return column.canvas


def in_rows(count: int, most: int = MOST) -> int:
    """How many of ``count`` pictures stand in a row, so that rows are as full as each other and none is longer."""
    return ceil(count / ceil(count / most)) if count else 1
