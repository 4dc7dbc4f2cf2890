"""The Attention tab: one photograph, one model, every layer, readout and iterate."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures import Line
from analysis.figures_page import small_chart
from app.inference.models import title
from app.inference.traced import LayerMaps, ModelFacts, Traced
from app.library.photographs import Subject
from app.views import overlays, payload
from app.views.exports import Export, described
from app.views.look import Look

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

READOUT_WORDS = {
    "stream": "How strong each token leaves the block, had the solver stopped at this iterate: ‖block output‖.",
    "contribution": "What each token brings to the pooled output: attention times the size of its value.",
    "energy": "How much the layer itself answers at each token, over all heads and channels: ‖z‖.",
    "gap": "The attention of the average token: how much the mean output listens to each token. May be negative.",
}
"""One sentence for each readout (SPEC §4)."""

UNTRAINED = "Untrained weights — the maps show the architecture, not learned attention."


def view(subject: Subject, traced: Traced) -> dict[str, Any]:
    """The payload of the viewer: the picture, its maps and the strip of iterates."""
    if not traced.layers:
        return payload.viewer(
            [], words=f"{title(traced.model.name)} has no attention layers: it gives class scores, but no map."
        )
    alt = f"{subject.photograph.title}, {subject.photograph.width}×{subject.photograph.height} pixels"
    return payload.viewer([payload.panel(subject.display, traced, alt=alt)], strip=True)


def layer_choices(model: ModelFacts, traced: Traced) -> list[tuple[str, str]]:
    """(what is read, name) for each layer, e.g. ("Stage 1, block 5 — 14×14", "0.4")."""
    grids = {layer.name: layer.grid for layer in traced.layers}
    choices = []
    for name in model.layers:
        stage, _, block = name.partition(".")
        height, width = grids[name]
        choices.append((f"Stage {int(stage) + 1}, block {int(block) + 1} — {height}×{width}", name))
    return choices


def layer_of(traced: Traced, wanted: str | None) -> str:
    """``wanted`` where this model has it, else its default layer."""
    return wanted if wanted in traced.model.layers else traced.model.default_layer


def model_words(model: ModelFacts) -> str:
    """HTML: what the weights are."""
    if not model.trained:
        return f'<p class="notice">{html.escape(UNTRAINED)}</p>'
    return (
        f'<p class="fine">Trained weights <code>{html.escape(str(model.checkpoint_hash)[:12])}</code> · '
        f"{model.image_size}-pixel input</p>"
    )


def predictions(traced: Traced, names: Sequence[str] | None, count: int = 5) -> list[tuple[str, float]]:
    """The ``count`` likeliest classes: (name or index, probability), likeliest first."""
    scores = np.exp(traced.logits.astype(np.float64) - traced.logits.max())
    probabilities = scores / scores.sum()
    best = np.argsort(-probabilities)[:count]
    return [(names[i] if names else f"class {i}", float(probabilities[i])) for i in best]


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
    "At each iterate of this layer: the energy ½‖Pu − x‖² + λ‖u‖₁ that the solver lowers, the fraction of codes u that "
    "are zero, and how far the codes moved."
)


def step_figures(layer: LayerMaps) -> list[Figure] | None:
    """Energy, sparsity and ‖Δu‖ against the iterate; None for attention, which iterates nothing."""
    if layer.objective is None or layer.sparsity is None or layer.delta is None:
        return None
    steps = np.arange(len(layer.objective))

    def chart(values: np.ndarray, heading: str, *, from_zero: bool = False) -> Figure:
        return small_chart(
            [Line(heading, "layer", steps, values)], title=heading, x="iterate t", whole=True, from_zero=from_zero
        )

    return [
        chart(layer.objective, "Energy"),
        chart(layer.sparsity, "Zero codes", from_zero=True),
        chart(layer.delta, "‖Δu‖", from_zero=True),
    ]


def export(subject: Subject, traced: Traced, look: Look) -> Export:
    """The map at the iterate looked at, and all other iterates of the layer beside it."""
    shown = traced.layer(layer_of(traced, look.layer))
    step = min(look.t, shown.num_steps)
    raw = list(shown.maps[look.readout])
    limits = overlays.shared_limits(raw) if look.scale == "shared" else None
    order = [step, *(t for t in range(len(raw)) if t != step)]
    sheet = overlays.sheet(
        [drawn(subject, traced, raw[t], limits, look.opacity) for t in order],
        [f"t = {t}" for t in order],
        columns=len(order),
        heading=f"{title(traced.model.name)} · layer {shown.name} · {look.readout}",
        footer=f"{'One colour scale for all iterates.' if limits else 'Each map has its own colour scale.'} "
        + ("" if traced.model.trained else UNTRAINED.replace("—", "-")),
    )
    settings = described([subject], [traced.model], replace(look, layer=shown.name, t=step).settings)
    arrays = {"map": raw[step], "picture": subject.display, "logits": traced.logits, **shown.maps}
    return Export(sheet, arrays, settings)


def overlay_image(subject: Subject, traced: Traced, look: Look) -> np.ndarray:
    """One overlay, as the viewer shows it: uint8 (h, w, 3)."""
    shown = traced.layer(layer_of(traced, look.layer))
    limits = overlays.shared_limits(list(shown.maps[look.readout])) if look.scale == "shared" else None
    return drawn(subject, traced, traced.map(shown.name, look.readout, look.t), limits, look.opacity)


def drawn(
    subject: Subject, traced: Traced, raw: np.ndarray, limits: tuple[float, float] | None, opacity: float
) -> np.ndarray:
    """A raw map over its picture."""
    return overlays.overlay(subject.display, overlays.unit_map(raw, limits), traced.model.image_size, opacity)
