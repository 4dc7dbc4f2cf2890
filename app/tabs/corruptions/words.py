"""The Corruptions tab: do the maps hold when the photograph does not?"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.corruptions import SEVERITIES
from analysis.drawing import data_uri
from analysis.figures import Line
from analysis.figures_page import small_chart
from app.inference.models import title
from app.inference.traced import Traced
from app.library.photographs import Photograph, Subject
from app.views.agreement import agreement
from app.views.look import Look
from app.views.pictures import picture_words, words

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def before_after(photograph: Photograph, subject: Subject) -> str:
    """HTML: the clean photograph over the corrupted one, divided by a slider. Both at ImageNet-C's scale."""
    height, width = subject.display.shape[:2]
    said = html.escape(picture_words(subject.corruption))
    clean, corrupted = data_uri(photograph.at_benchmark_scale, 92), data_uri(subject.display, 92)
    return (
        f'<div class="before-after" style="aspect-ratio:{width}/{height};--ratio:{width / height:.4f}">'
        f'<img src="{corrupted}" alt="The photograph with {said}"><img src="{clean}" alt="The clean photograph">'
        '<span class="line"></span><span class="tag left">clean</span>'
        f'<span class="tag right">{said}</span>'
        '<input type="range" min="0" max="100" value="50" aria-label="Divide clean and corrupted" '
        "oninput=\"this.parentElement.style.setProperty('--cut', this.value + '%')\"></div>"
    )


def agreement_figures(
    corruption: str, clean: Sequence[Traced], rows: Sequence[Sequence[Traced]], look: Look
) -> list[Figure]:
    """Correlation and SSIM with the clean map against severity, one line a model; ``rows[severity − 1][model]``."""
    steps = np.array(SEVERITIES)
    correlations, similarities = [], []
    for column, reference in enumerate(clean):
        if not reference.layers:
            continue
        name = title(reference.model.name)
        agreements = [agreement(reference, row[column], look) for row in rows]
        correlations.append(Line(name, name, steps, [one.correlation for one in agreements]))
        similarities.append(Line(name, name, steps, [one.ssim for one in agreements]))
    return [
        small_chart(lines, title=f"{heading}: {words(corruption)}", x="severity", whole=True, height=210, bounds=bounds)
        for lines, heading, bounds in (
            (correlations, "Correlation r with the clean map", (min(0.0, lowest(correlations)) - 0.05, 1.05)),
            (similarities, "SSIM with the clean map", (min(0.0, lowest(similarities)) - 0.05, 1.05)),
        )
    ]


def lowest(lines: Sequence[Line]) -> float:
    """The smallest value of any line; 0 without lines."""
    return min((float(np.min(line.y)) for line in lines), default=0.0)
