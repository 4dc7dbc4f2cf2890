"""Charts. The only module that imports plotly; charts leave it as figures or as HTML fragments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
"""Okabe and Ito's palette: told apart by colour-blind readers too."""


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


def line_chart(
    lines: Sequence[Line], *, title: str, x: str, y: str, whole: bool = False, models: Sequence[str] = ()
) -> go.Figure:
    """Lines over one axis, one colour per model.

    ``whole``: x counts something, so ticks are whole numbers. ``models``: the models of a whole report in order, so
    that one has the same colour in charts that do not show all of them.
    """
    figure = go.Figure()
    models = list(dict.fromkeys([*models, *(line.model for line in lines)]))
    for line in lines:
        colour = COLOURS[models.index(line.model) % len(COLOURS)]
        common = {"legendgroup": line.name, "meta": {"model": line.model}}
        if line.low is not None and line.high is not None and len(line.x) > 1:
            figure.add_scatter(
                x=[*line.x, *list(line.x)[::-1]],
                y=[*line.high, *list(line.low)[::-1]],
                fill="toself",
                mode="lines",
                fillcolor=_transparent(colour, 0.12),
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
                **common,
            )
        figure.add_scatter(
            x=list(line.x),
            y=list(line.y),
            name=line.name,
            mode="lines+markers" if line.points or len(line.x) == 1 else "lines",
            line={"color": colour, "width": 2, "dash": "dash" if line.dashed else "solid"},
            error_y=_error_bar(line),
            **common,
        )
        if line.marked is not None:
            figure.add_scatter(
                x=[line.x[line.marked]],
                y=[line.y[line.marked]],
                mode="markers",
                marker={"color": colour, "size": 11, "line": {"color": "white", "width": 2}},
                name=line.name,
                showlegend=False,
                **common,
            )
    figure.update_layout(
        title={"text": title, "font": {"size": 16}},
        xaxis={"title": {"text": x}, "gridcolor": "#e5e5e5", "dtick": 1 if whole else None},
        yaxis={"title": {"text": y}, "gridcolor": "#e5e5e5", "rangemode": "tozero"},
        plot_bgcolor="white",
        paper_bgcolor="white",
        margin={"l": 60, "r": 20, "t": 50, "b": 50},
        legend={"orientation": "h", "y": -0.2},
        height=440,
    )
    return figure


def heat_map(
    values: Sequence[Sequence[float | None]], *, rows: Sequence[str], columns: Sequence[str], title: str, x: str
) -> go.Figure:
    """Numbers 0..100 as coloured cells with the number in each; None leaves a cell empty."""
    shown = [["" if value is None else f"{value:.1f}" for value in row] for row in values]
    figure = go.Figure(
        go.Heatmap(
            z=[list(row) for row in values],
            x=list(columns),
            y=list(rows),
            text=shown,
            texttemplate="%{text}",
            colorscale="Viridis",
            zmin=0,
            zmax=100,
        )
    )
    figure.update_layout(
        title={"text": title, "font": {"size": 16}},
        xaxis={"title": {"text": x}},
        yaxis={"autorange": "reversed"},
        margin={"l": 140, "r": 20, "t": 50, "b": 50},
        height=120 + 26 * len(rows),
    )
    return figure


def as_fragment(figure: go.Figure, identifier: str) -> str:
    """The figure as HTML that needs the script of `plotly_script` in the same page."""
    return str(
        figure.to_html(
            full_html=False,
            include_plotlyjs=False,
            div_id=identifier,
            config={"displaylogo": False, "responsive": True},
        )
    )


def plotly_script() -> str:
    """plotly.js itself, for a page that must open offline."""
    return str(get_plotlyjs())


def _error_bar(line: Line) -> dict[str, list[float]] | None:
    """The interval of a line that is one point, where a band would have no width."""
    if line.low is None or line.high is None or len(line.x) > 1:
        return None
    return {"array": [line.high[0] - line.y[0]], "arrayminus": [line.y[0] - line.low[0]]}


def _transparent(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"
