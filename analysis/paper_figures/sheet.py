"""The layout that the figures of pictures share: rows and columns with titles, a colour bar, a caption."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.column import Bar, draw_bar
from analysis.paper_figures.marks import SOFT, Dot, Raster, Text
from analysis.paper_figures.typeface import typeface

CELL, GAP, MARGIN, LEFT, TOP, BAR_ROW = 112, 5, 14, 92, 58, 26
LABEL_LETTERS = 13
"""Of a row's label on a line."""


@dataclass(frozen=True)
class Tile:
    """A picture of a sheet; ``title`` is shown under the pointer, ``points`` (n, 2) x and y in [0, 1] as dots."""

    pixels: np.ndarray
    title: str = ""
    smooth: bool = True
    points: np.ndarray | None = None


def label_lines(name: str) -> list[str]:
    """A row's label; a long name of a file is broken where its words end."""
    return [name] if len(name) <= LABEL_LETTERS else textwrap.wrap(name.replace("_", " "), LABEL_LETTERS)


def sheet(
    title: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Tile]]],
    caption: Sequence[str],
    *,
    cell: int = CELL,
    bars: Sequence[Bar] = (),
) -> Canvas:
    """Rows (name, tiles) under ``columns``."""
    width = LEFT + MARGIN + max(len(columns) * (cell + GAP), 420)
    lines = [line for text in caption for line in typeface().wrapped(text, width - 2 * MARGIN, 10)]
    below = TOP + len(rows) * (cell + GAP) + 12
    height = below + BAR_ROW * len(bars) + 14 * len(lines) + MARGIN
    canvas = Canvas(width, height, title)
    canvas.add(Text(title, MARGIN, 20, 15, bold=True))
    for j, name in enumerate(columns):
        canvas.add(Text(name, LEFT + j * (cell + GAP) + cell / 2, TOP - 10, 10.5, "middle"))
    for i, (name, tiles) in enumerate(rows):
        y = TOP + i * (cell + GAP)
        parts = [line for part in name.split(", ") for line in label_lines(part)]
        for k, part in enumerate(parts):
            canvas.add(Text(part, MARGIN, y + cell / 2 + 12 * (k - (len(parts) - 1) / 2), 10.5, colour=SOFT))
        for j, tile in enumerate(tiles):
            x = LEFT + j * (cell + GAP)
            canvas.add(Raster(tile.pixels, x, y, cell, cell, tile.title, tile.smooth))
            for px, py in () if tile.points is None else tile.points:
                canvas.add(Dot(x + px * cell, y + py * cell, 1.8))
    for bar in bars:
        draw_bar(canvas, bar, LEFT, below, 10, 150)
        below += BAR_ROW
    for k, line in enumerate(lines):
        canvas.add(Text(line, MARGIN, below + 8 + 14 * k, 10, colour=SOFT))
    return canvas
