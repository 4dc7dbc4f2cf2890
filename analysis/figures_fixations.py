"""The z-values of a map at fixations against those everywhere, for the page."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from analysis.figures import COLOURS
from analysis.figures_page import INK, small_chart


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
