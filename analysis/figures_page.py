"""Small charts for the page: transparent, so that they sit on its light and its dark ground alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures import COLOURS, Line

INK = "#7d8590"
"""Grey that reads on white and on near-black."""

GRID = "rgba(125, 133, 144, 0.25)"

LEGEND = 16
"""Pixels of an entry of the legend: on a narrow screen each has its own row, which must not be the lines' room."""

PALETTE = (*COLOURS[:6], "#9467BD", INK)
"""Okabe and Ito's without black, which a dark ground swallows."""


def small_chart(
    lines: Sequence[Line],
    *,
    title: str,
    x: str,
    y: str = "",
    whole: bool = False,
    height: int = 220,
    from_zero: bool = False,
    bounds: tuple[float, float] | None = None,
) -> go.Figure:
    """Lines without a frame; a legend only where there are several. ``bounds``: of the y axis, None to fit the data."""
    figure = go.Figure()
    models = list(dict.fromkeys(line.model for line in lines))
    for line in lines:
        figure.add_scatter(
            x=list(line.x),
            y=[None if not np.isfinite(value) else float(value) for value in line.y],
            name=line.name,
            mode="lines+markers",
            line={
                "color": PALETTE[models.index(line.model) % len(PALETTE)],
                "width": 2,
                "dash": "dash" if line.dashed else "solid",
            },
            marker={"size": 6},
        )
    axis = {"gridcolor": GRID, "zeroline": False, "linecolor": GRID, "automargin": True}
    figure.update_layout(
        title={"text": title, "font": {"size": 13}, "x": 0.01, "xanchor": "left", "xref": "container"},
        font={"family": "system-ui, sans-serif", "size": 12, "color": INK},
        xaxis={**axis, "title": {"text": x, "standoff": 6, "font": {"size": 11}}, "dtick": 1 if whole else None},
        yaxis={
            **axis,
            "title": {"text": y},
            "rangemode": "tozero" if from_zero else "normal",
            "range": list(bounds) if bounds else None,
        },
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        margin={"l": 8, "r": 8, "t": 34, "b": 8},
        showlegend=len(lines) > 1,
        legend={"orientation": "h", "y": -0.3, "x": 0},
        height=height + LEGEND * max(0, len(lines) - 3),
        hovermode="x unified" if len(lines) > 1 else "closest",
    )
    return figure


def z_histogram(edges: np.ndarray, everywhere: np.ndarray, at_fixations: np.ndarray, *, title: str) -> go.Figure:
    """Two histograms as shares of their own total: of all pixels as an area, of fixations as bars.

    ``edges``: (n + 1,), of the bins. ``everywhere``: (n,), pixels per bin. ``at_fixations``: z-values; those beyond the
    edges are counted in the outermost bins.
    """
    centres = (edges[:-1] + edges[1:]) / 2
    inside = np.clip(at_fixations, edges[0], np.nextafter(edges[-1], edges[0]))
    counts, _ = np.histogram(inside, edges)
    shares = everywhere / max(everywhere.sum(), 1)
    figure = small_chart([], title=title, x="z = (map − mean) / std")
    figure.add_scatter(
        x=centres,
        y=shares,
        name="everywhere",
        mode="lines",
        line={"color": INK, "width": 1, "shape": "hvh"},
        fill="tozeroy",
        fillcolor="rgba(125, 133, 144, 0.3)",
    )
    figure.add_bar(
        x=centres,
        y=counts / max(counts.sum(), 1),
        width=np.diff(edges) * 0.8,
        name="at fixations",
        marker={"color": COLOURS[1], "opacity": 0.8},
    )
    seen = np.flatnonzero((everywhere > 0) | (counts > 0))
    figure.update_layout(showlegend=True, hovermode="x unified", bargap=0)
    figure.update_xaxes(range=[edges[max(seen[0] - 1, 0)], edges[min(seen[-1] + 2, len(edges) - 1)]])
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure
