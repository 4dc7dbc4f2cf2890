"""What the Attention tab shows and says: the map, the likeliest classes, the numbers of each iterate."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures import Line
from analysis.figures_page import small_chart
from app.inference.models import title
from app.inference.traced import LayerMaps, Traced
from app.library.photographs import Subject
from app.views import payload
from app.views.answers import predictions

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def view(subject: Subject, traced: Traced) -> dict[str, Any]:
    """The payload of the viewer: the picture, its maps and the strip of iterates."""
    if not traced.layers:
        return payload.viewer(
            [], words=f"{title(traced.model.name)} has no attention layers: it gives class scores, but no map."
        )
    alt = f"{subject.photograph.title}, {subject.photograph.width}×{subject.photograph.height} pixels"
    return payload.viewer([payload.panel(subject.display, traced, alt=alt)], strip=True)


def prediction_words(traced: Traced, names: Sequence[str] | None) -> str:
    """HTML: the top five as bars, or why there are none."""
    if not traced.model.trained:
        return '<p class="fine">No prediction: untrained weights know no classes.</p>'
    rows = "".join(
        f'<li><span>{html.escape(name)}</span><b>{probability:.1%}</b><i style="width:{probability:.4%}"></i></li>'
        for name, probability in predictions(traced, names)
    )
    return f'<ol class="bars">{rows}</ol>'


STEP_WORDS = (
    "At each iterate of this layer: the objective ½‖Pu − x‖² + λ‖u‖₁ that the solver lowers, the fraction of codes u "
    "that are zero, and how far the codes moved since the iterate before."
)


def step_figures(layer: LayerMaps) -> list[Figure] | None:
    """The objective, sparsity and ‖Δu‖ against the iterate; None for attention, which iterates nothing."""
    if layer.objective is None or layer.sparsity is None or layer.delta is None:
        return None
    steps = np.arange(len(layer.objective))

    def chart(values: np.ndarray, heading: str, *, from_zero: bool = False, first: int = 0) -> Figure:
        return small_chart(
            [Line(heading, "layer", steps[first:], values[first:])],
            title=heading,
            x="iterate t",
            whole=True,
            from_zero=from_zero,
        )

    return [
        chart(layer.objective, "Objective"),
        chart(layer.sparsity, "Zero codes", from_zero=True),
        chart(layer.delta, "‖Δu‖", from_zero=True, first=1),
    ]
