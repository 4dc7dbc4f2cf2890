"""Small pictures for words: SVG of a few hundred bytes, in the page's own colours, light and dark (static/help.css)."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT = 168, 64

Map = Sequence[Sequence[float]]
"""Values in [0, 1], row by row."""

BLOB: Map = ((0.1, 0.2, 0.1, 0.0), (0.3, 0.9, 0.6, 0.1), (0.2, 1.0, 0.8, 0.2), (0.0, 0.3, 0.2, 0.1))
"""A map of 4 × 4 tokens that prefers a place."""

TWIN: Map = ((0.1, 0.1, 0.3, 0.3), (0.2, 0.4, 0.6, 0.9), (0.1, 0.3, 0.8, 0.6), (0.0, 0.1, 0.2, 0.1))
"""Another one."""


def sketch(*parts: str) -> str:
    """The whole picture of its parts."""
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>'


def box(left: float, top: float, width: float, height: float, kind: str = "line", opacity: float = 1) -> str:
    """A rectangle; ``kind`` is a class of help.css: line, soft, accent, warm, cool, vermilion, ink."""
    faint = "" if opacity == 1 else f' opacity="{opacity:g}"'
    return f'<rect class="{kind}" x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}"{faint}/>'


def dot(x: float, y: float, radius: float = 3, kind: str = "accent") -> str:
    """A disc."""
    return f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{radius:g}"/>'


def path(points: Sequence[tuple[float, float]], kind: str = "line") -> str:
    """A line through points."""
    return f'<polyline class="{kind} open" points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>'


def label(text: str, x: float, y: float) -> str:
    """Text centred at x, on the line y."""
    return f'<text class="text" x="{x:g}" y="{y:g}">{text}</text>'


def arrow(left: float, right: float, y: float = 32) -> str:
    """From left to right."""
    return path([(left, y), (right, y)]) + path([(right - 4, y - 3), (right, y), (right - 4, y + 3)])


def photograph(left: float, top: float = 8, width: float = 56, height: float = 48) -> str:
    """A sun over hills."""
    hills = [(0, 0.85), (0.3, 0.45), (0.5, 0.7), (0.75, 0.35), (1, 0.8)]
    return (
        box(left, top, width, height, "line")
        + dot(left + 0.22 * width, top + 0.28 * height, 0.1 * height, "warm")
        + path([(left + x * width, top + y * height) for x, y in hills])
    )


def cells(values: Map, left: float, top: float = 8, side: float = 48, kind: str = "accent") -> str:
    """A map, a square a token: the higher the value, the fuller its colour."""
    size = side / len(values)
    return "".join(
        box(left + column * size, top + row * size, size - 1, size - 1, kind, round(0.1 + 0.9 * value, 2))
        for row, line in enumerate(values)
        for column, value in enumerate(line)
    )


def tokens(left: float, count: int) -> str:
    """A photograph cut into count × count."""
    across = [left + 56 * i / count for i in range(1, count)]
    down = [8 + 48 * i / count for i in range(1, count)]
    return (
        photograph(left)
        + "".join(path([(x, 8), (x, 56)], "soft") for x in across)
        + "".join(path([(left, y), (left + 56, y)], "soft") for y in down)
    )


def bars(heights: Sequence[float], left: float, width: float = 60, chosen: Sequence[int] = ()) -> str:
    """Standing on the lower edge; ``heights`` in [0, 1]. ``chosen``: those in the accent's colour."""
    step = width / len(heights)
    return "".join(
        box(left + i * step, 56 - 46 * one, step - 2, 46 * one, "accent" if i in chosen else "soft")
        for i, one in enumerate(heights)
    )


def curve(values: Sequence[float], left: float = 24, width: float = 120, chosen: int | None = None) -> str:
    """Values in [0, 1] against their index, over two axes."""
    step = width / (len(values) - 1)
    points = [(left + i * step, 54 - 44 * value) for i, value in enumerate(values)]
    marked = "" if chosen is None else dot(*points[chosen], 3.5)
    return path([(left, 8), (left, 56), (left + width, 56)], "soft") + path(points, "bold") + marked


def steps(chosen: int) -> str:
    """The maps of t = 0 to 3, each sharper than the one before, one of them framed."""
    side, parts = 31, []
    for t in range(4):
        x = 10 + 37 * t
        sharp = [[value ** (0.4 + 0.6 * t) for value in line] for line in BLOB]
        parts.append(cells(sharp, x, 8, side) + label(f"t = {t}", x + side / 2, 58))
        if t == chosen:
            parts.append(box(x - 2, 6, side + 3, side + 3))
    return "".join(parts)


def noise(left: float, strength: float, count: int = 60) -> str:
    """Specks over a photograph at ``left``, the same each time."""
    places = [(math.sin(12.9 * i) * 43758.5 % 1, math.sin(78.2 * i) * 12543.1 % 1) for i in range(1, count)]
    shown = places[: int(strength * count)]
    return photograph(left) + "".join(box(left + 54 * x, 8 + 46 * y, 2, 2, "ink") for x, y in shown)
