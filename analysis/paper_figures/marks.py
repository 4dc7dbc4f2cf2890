"""What a drawing is made of: a few kinds of marks, and the colours they usually have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

INK, SOFT, PALE, PAPER = "#1f2328", "#656d76", "#d0d7de", "#ffffff"
"""Of text, of what stands beside it, of lines behind curves, of the ground."""

MIDDLE = 0.36
"""Half the height of a capital, in sizes of its letters: how far below the middle of a line its letters stand."""


@dataclass(frozen=True)
class Raster:
    """uint8 (h, w, 3) in a box; ``title`` is shown under the pointer. ``smooth`` False: its pixels are squares."""

    pixels: np.ndarray
    x: float
    y: float
    width: float
    height: float
    title: str = ""
    smooth: bool = True


@dataclass(frozen=True)
class Text:
    """One line; ``y`` is its middle, ``anchor`` "start", "middle" or "end" is where x lies."""

    text: str
    x: float
    y: float
    size: float = 12
    anchor: str = "start"
    colour: str = INK
    bold: bool = False

    @property
    def baseline(self) -> float:
        """What its letters stand on."""
        return self.y + MIDDLE * self.size


@dataclass(frozen=True)
class Polyline:
    """A polyline, with a head at its end where ``arrow``."""

    points: Sequence[tuple[float, float]]
    colour: str = INK
    width: float = 1.5
    arrow: bool = False
    title: str = ""

    @property
    def head(self) -> list[tuple[float, float]]:
        """The triangle at the end of an arrow; nothing where it is none."""
        if not self.arrow:
            return []
        (x0, y0), (x1, y1) = self.points[-2:]
        length = float(np.hypot(x1 - x0, y1 - y0)) or 1.0
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        return [(x1, y1), (x1 - 8 * dx + 4 * dy, y1 - 8 * dy - 4 * dx), (x1 - 8 * dx - 4 * dy, y1 - 8 * dy + 4 * dx)]


@dataclass(frozen=True)
class Box:
    """A rectangle; ``fill`` or ``stroke`` None: not drawn. ``line``: how wide its stroke is, half of it outside."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    stroke: str | None = INK
    line: float = 1


@dataclass(frozen=True)
class Dot:
    """A filled circle with a white rim of `RIM`."""

    x: float
    y: float
    radius: float = 3
    colour: str = "#D55E00"
    title: str = ""


RIM = 0.8

Mark = Raster | Text | Polyline | Box | Dot
