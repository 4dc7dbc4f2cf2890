"""What a visitor takes along from the Attention tab, and what the endpoint answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.animation import labelled
from app.inference.closer import Closer
from app.inference.models import title
from app.inference.traced import Traced
from app.library.photographs import Subject
from app.tabs.attention.asked import A_CLASS, ONE_TOKEN, Asked
from app.views import grids, overlays
from app.views.exports import Export, described
from app.views.layers import layer_of
from app.views.look import Look
from app.views.weights import figure_words


def export(subject: Subject, traced: Traced, look: Look) -> Export:
    """The map at the iterate looked at, and all other iterates of the layer beside it."""
    shown = traced.layer(layer_of(traced, look.layer))
    step = min(look.t, shown.num_steps)
    raw = list(shown.maps[look.readout])
    limits = overlays.shared_limits(raw) if look.scale == "shared" else None
    order = [step, *(t for t in range(len(raw)) if t != step)]
    sheet = overlays.sheet(
        [grids.drawn(subject, traced, raw[t], limits, look.opacity) for t in order],
        [f"t = {t}" for t in order],
        columns=len(order),
        heading=f"{title(traced.model.name)} · layer {shown.name} · {look.readout}",
        footer=f"{'One colour scale for all iterates.' if limits else 'Each map has its own colour scale.'} "
        + figure_words(traced.model),
    )
    settings = described([subject], [traced.model], replace(look, layer=shown.name, t=step).settings)
    arrays = {"map": raw[step], "picture": subject.display, "logits": traced.logits, **shown.maps}
    return Export(sheet, arrays, settings)


def with_closer(made: Export, asked: Asked, closer: Closer, layer: str, readout: str, traced: Traced) -> Export:
    """The same with what the closer look shows: every head's maps, and whose they are."""
    arrays = dict(made.arrays)
    for one in closer.layers:
        arrays |= {f"closer/{one.name}/{name}": values for name, values in one.maps.items()}
        arrays |= {f"closer/{one.name}/heads/{name}": values for name, values in one.heads.items()}
    facts: dict[str, object] = {"whose": asked.whose, "head": asked.head, "readout": readout}
    if asked.whose == ONE_TOKEN:
        token = asked.token_of(traced.layer(layer))
        facts |= {"layer": layer, "token": [token.row, token.column]}
    if asked.whose == A_CLASS:
        facts["class"] = asked.class_of(traced)
    return Export(made.figure, arrays, {**made.settings, "closer": facts})


def overlay_image(subject: Subject, traced: Traced, look: Look) -> np.ndarray:
    """One overlay, as the viewer shows it: uint8 (h, w, 3)."""
    shown = traced.layer(layer_of(traced, look.layer))
    limits = overlays.shared_limits(list(shown.maps[look.readout])) if look.scale == "shared" else None
    return grids.drawn(subject, traced, traced.map(shown.name, look.readout, look.t), limits, look.opacity)


def film(subject: Subject, traced: Traced, look: Look) -> list[np.ndarray]:
    """Every iterate of the map looked at, one after another, as the viewer shows it: uint8 (h, w, 3) each.

    Raises InputError for a model without layers.
    """
    shown = traced.layer(layer_of(traced, look.layer))
    caption = f"{title(traced.model.name)}, layer {shown.name}, {look.readout}"
    return [
        labelled(overlay_image(subject, traced, replace(look, t=t)), f"t = {t}   {caption}")
        for t in range(shown.num_steps + 1)
    ]
