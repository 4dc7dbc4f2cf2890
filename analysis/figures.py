"""Charts of reports: SVG and HTML written here, so that a report opens offline and needs no library."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np

from analysis.colour_maps import DEFAULT, ColourMap
from analysis.drawing import css_colour

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
"""Okabe and Ito's palette: told apart by colour-blind readers too."""

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 62, 746, 14, 330
"""Of a chart and of the box between its axes, in units of the drawing."""


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    ``name``: in the legend.
    ``model``: whose it is; the report's filter by model hides and shows it, and its colour follows from it.
    ``x``, ``y``: the points.
    ``marked``: the index of a point to mark, None for none.
    ``low``, ``high``: an interval around y, drawn as a band.
    ``dashed``: for baselines and ceilings.
    ``points``: draw the points, for short lines.
    """

    name: str
    model: str
    x: Sequence[float] | np.ndarray
    y: Sequence[float] | np.ndarray
    marked: int | None = None
    low: Sequence[float] | np.ndarray | None = None
    high: Sequence[float] | np.ndarray | None = None
    dashed: bool = False
    points: bool = False


@dataclass(frozen=True)
class Axes:
    """Where values stand on the drawing, by the round numbers on both axes."""

    x_ticks: Sequence[float]
    y_ticks: Sequence[float]
    x_range: tuple[float, float]

    def across(self, x: float) -> float:
        low, high = self.x_range
        return LEFT + (RIGHT - LEFT) * (x - low) / (high - low)

    def up(self, y: float) -> float:
        low, high = self.y_ticks[0], self.y_ticks[-1]
        return BOTTOM - (BOTTOM - TOP) * (y - low) / (high - low)

    def path(self, xs: Sequence[float] | np.ndarray, ys: Sequence[float] | np.ndarray) -> str:
        """The points as SVG writes them, those without a number left out."""
        places = ((self.across(x), self.up(y)) for x, y in zip(xs, ys, strict=True) if np.isfinite(y))
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def line_chart(
    lines: Sequence[Line], *, title: str, x: str, y: str, whole: bool = False, models: Sequence[str] = ()
) -> str:
    """HTML: lines over one axis, one colour per model; parts that belong to a model carry it as ``data-model``.

    ``whole``: x counts something, so ticks are whole numbers. ``models``: the models of a whole report in order, so
    that one has the same colour in charts that do not show all of them.
    """
    models = list(dict.fromkeys([*models, *(line.model for line in lines)]))
    colours = [COLOURS[models.index(line.model) % len(COLOURS)] for line in lines]
    axes = axes_of(lines, whole)
    drawn = "".join(_line(line, colour, axes) for line, colour in zip(lines, colours, strict=True))
    legend = "".join(
        f'<span data-model="{html.escape(line.model)}">{_swatch(line, colour)}{html.escape(line.name)}</span>'
        for line, colour in zip(lines, colours, strict=True)
    )
    ends = f'data-x="{axes.x_range[0]:g} {axes.x_range[1]:g}" data-y="{axes.y_ticks[0]:g} {axes.y_ticks[-1]:g}"'
    return (
        f'<figure class="chart" {ends}><h3>{html.escape(title)}</h3><div class="wide"><svg '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">{_frame(axes, x, y)}{drawn}'
        f'<line class="cursor" y1="{TOP}" y2="{BOTTOM}"/></svg></div>'
        f'<p class="legend">{legend}</p><figcaption></figcaption></figure>'
    )


def axes_of(lines: Sequence[Line], whole: bool) -> Axes:
    """Axes on which all lines and their intervals lie; y begins at 0 where nothing is below it."""
    xs = [float(value) for line in lines for value in line.x]
    ys = [float(v) for line in lines for part in (line.y, line.low, line.high) if part is not None for v in part]
    finite = [value for value in ys if np.isfinite(value)] or [0.0]
    low, high = (min(xs), max(xs)) if xs else (0.0, 1.0)
    x_range = (low, high) if high > low else (low - 0.5, high + 0.5)
    x_ticks = [tick for tick in round_numbers(*x_range, whole=whole) if x_range[0] <= tick <= x_range[1]]
    return Axes(x_ticks, round_numbers(min(0.0, *finite), max(0.0, *finite)), x_range)


def round_numbers(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Four to eight multiples of 1, 2 or 5 times a power of ten that enclose the range, ascending."""
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** floor(log10(span / 4))
    step = max(factor * power for factor in (1, 2, 5) if factor * power <= span / 4)
    if whole:
        step = max(1.0, float(ceil(step)))
    first, last = floor(low / step + 1e-9), max(ceil(high / step - 1e-9), floor(low / step + 1e-9) + 1)
    return [round(step * i, 12) for i in range(first, last + 1)]


def heat_map(
    values: Sequence[Sequence[float | None]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    x: str,
    colours: ColourMap = DEFAULT,
) -> str:
    """HTML: numbers 0..100 as coloured cells with the number in each; None leaves a cell empty."""
    head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th>{"".join(_heat_cell(value, colours) for value in row)}</tr>'
        for name, row in zip(rows, values, strict=True)
    )
    return (
        f'<figure class="chart"><h3>{html.escape(title)}</h3><div class="wide"><table class="heat"><thead>'
        f"<tr><th>{html.escape(x)}</th>{head}</tr></thead><tbody>{body}</tbody></table></div></figure>"
    )


def _heat_cell(value: float | None, colours: ColourMap) -> str:
    if value is None:
        return "<td></td>"
    red, green, blue = (int(part) for part in colours.paint(np.array(value / 100)))
    ink = "#000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 115 else "#fff"
    return f'<td style="background:{css_colour((red, green, blue))};color:{ink}">{value:.1f}</td>'


def _frame(axes: Axes, x: str, y: str) -> str:
    """The grid, the numbers on the axes, and what they count."""
    parts = []
    for tick in axes.y_ticks:
        at = f"{axes.up(tick):.1f}"
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at}" dy="0.35em" text-anchor="end">{_number(tick)}</text>')
    for tick in axes.x_ticks:
        at = f"{axes.across(tick):.1f}"
        parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{TOP}" y2="{BOTTOM}"/>')
        parts.append(f'<text x="{at}" y="{BOTTOM + 19}" text-anchor="middle">{_number(tick)}</text>')
    middle = (TOP + BOTTOM) / 2
    parts.append(f'<text x="{(LEFT + RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{html.escape(x)}</text>')
    parts.append(
        f'<text transform="translate(13 {middle}) rotate(-90)" text-anchor="middle" class="name">'
        f"{html.escape(y)}</text>"
    )
    return "".join(parts)


def _line(line: Line, colour: str, axes: Axes) -> str:
    """A line with its interval and its points."""
    parts = []
    if line.low is not None and line.high is not None:
        if len(line.x) > 1:
            band = f"{axes.path(line.x, line.high)} {axes.path(list(line.x)[::-1], list(line.low)[::-1])}"
            parts.append(f'<polygon points="{band}" fill="{colour}" opacity="0.12"/>')
        else:  # a band of one point has no width
            parts.append(
                f'<polyline points="{axes.path([line.x[0]] * 2, [line.low[0], line.high[0]])}" stroke="{colour}"/>'
            )
    dash = ' stroke-dasharray="7 5"' if line.dashed else ""
    parts.append(f'<polyline class="line" points="{axes.path(line.x, line.y)}" stroke="{colour}"{dash}/>')
    shown = range(len(line.x)) if line.points or len(line.x) == 1 else ()
    for i in [*shown, *([] if line.marked is None else [line.marked])]:
        if np.isfinite(line.y[i]):
            place = f'cx="{axes.across(line.x[i]):.1f}" cy="{axes.up(line.y[i]):.1f}"'
            size = 6 if i == line.marked else 4
            told = f"{line.name}: {line.y[i]:.4g} at {line.x[i]:g}"
            parts.append(f'<circle {place} r="{size}" fill="{colour}"><title>{html.escape(told)}</title></circle>')
    return f'<g data-model="{html.escape(line.model)}" data-name="{html.escape(line.name)}">{"".join(parts)}</g>'


def _swatch(line: Line, colour: str) -> str:
    style = f"border-top:3px {'dashed' if line.dashed else 'solid'} {colour}"
    return f'<i class="stroke" style="{style}"></i>'


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")
