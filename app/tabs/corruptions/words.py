"""The Corruptions tab: do the maps hold when the photograph does not?"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.corruptions import SEVERITIES, TEST, VALIDATION
from analysis.corruptions.apply import check_name, check_severity
from analysis.drawing import data_uri
from analysis.figures import Line
from analysis.figures_page import small_chart
from app.inference.models import title
from app.inference.traced import Traced
from app.library.photographs import Corruption, Photograph, Subject
from app.tabs.attention.words import layer_of
from app.views.grids import picture_words, words
from app.views.look import Look
from vars_core.errors import InputError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from analysis.evaluations.agreement import Agreement

CHOICES = [(words(name), name) for name in TEST] + [(f"{words(name)} (validation)", name) for name in VALIDATION]
"""What the page offers: the benchmark's fifteen, then the four held out for tuning."""


def checked(name: str, severity: float, seed: float | None) -> Corruption:
    """A corruption from what a visitor sent. Raises InputError."""
    check_name(name)
    whole = int(severity) if float(severity).is_integer() else severity
    check_severity(whole)
    if seed is None or not float(seed).is_integer() or not 0 <= seed < 2**31:
        raise InputError(f"expected a seed 0..2147483647, got {seed}")
    return Corruption(name, int(whole), int(seed))


def severities(corruption: Corruption) -> list[Corruption]:
    """The corruption at each of its five severities."""
    return [Corruption(corruption.name, severity, corruption.seed) for severity in SEVERITIES]


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


def agreement(clean: Traced, corrupted: Traced, look: Look) -> Agreement:
    """How far one map agrees with the clean picture's, for the same model, layer, readout and iterate."""
    from analysis.evaluations.agreement import map_agreement

    layer = layer_of(clean, look.layer)
    return map_agreement(corrupted.map(layer, look.readout, look.t), clean.map(layer, look.readout, look.t))


def notes(clean: Sequence[Traced], rows: Sequence[Sequence[Traced]], look: Look) -> list[str]:
    """One line a panel, row by row: correlation and SSIM with the clean picture's map of the same model."""
    lines = []
    for row in rows:
        for reference, result in zip(clean, row, strict=True):
            if result is reference or not result.layers:
                lines.append("")
                continue
            found = agreement(reference, result, look)
            said = "degenerate" if found.degenerate else f"r = {found.correlation:.2f} · SSIM {found.ssim:.2f}"
            lines.append(said)
    return lines


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
        found = [agreement(reference, row[column], look) for row in rows]
        correlations.append(Line(name, name, steps, [one.correlation for one in found]))
        similarities.append(Line(name, name, steps, [one.ssim for one in found]))
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
