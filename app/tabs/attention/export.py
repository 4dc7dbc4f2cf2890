"""What a visitor takes along from the Attention tab, and what the endpoint answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.paper_figures.iterates import Iterates, iterates
from app.inference.models import title
from app.inference.traced import Traced
from app.library.photographs import Subject
from app.tabs.attention.asked import A_CLASS, ONE_TOKEN, Asked
from app.views import grids
from app.views.exports import Export, described
from app.views.look import Look
from app.views.reproduce import command_text, python_text
from app.views.weights import figure_words


def export(subject: Subject, traced: Traced, look: Look) -> Export:
    """The photograph and the iterates of the layer in order, the one looked at in a frame; its raw map first."""
    shown = traced.shown(look.layer)
    step = min(look.t, shown.num_steps)
    settings = described([subject], [traced.model], replace(look, layer=shown.name, t=step).settings)
    settings |= {"reproduce": {"python": python_text(settings), "command": command_text(settings)}}
    arrays = {"map": shown.maps[look.readout][step], "picture": subject.display, "logits": traced.logits, **shown.maps}
    drawing = seen(subject, traced, look).figure(step)
    return Export(drawing, subject.display.shape[1], arrays, settings)


def seen(subject: Subject, traced: Traced, look: Look) -> Iterates:
    """Every iterate of the map looked at. Raises InputError for a model without layers."""
    shown = traced.shown(look.layer)
    shared = look.scale == "shared"
    return iterates(
        subject.display,
        shown.maps[look.readout],
        traced.model.placement(*subject.display.shape[:2]),
        look.painting,
        signed=look.signed,
        title=f"{title(traced.model.name)} · layer {shown.name} · {look.readout}",
        footer=("One colour scale for all iterates. " if shared else "") + figure_words(traced.model),
        shared=shared,
    )


def with_closer(made: Export, asked: Asked, closer: Traced, layer: str, readout: str, traced: Traced) -> Export:
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
    return replace(made, arrays=arrays, settings={**made.settings, "closer": facts})


def overlay_image(subject: Subject, traced: Traced, look: Look) -> np.ndarray:
    """One overlay, as the viewer shows it: uint8 (h, w, 3)."""
    shown = traced.shown(look.layer)
    raw, limits = traced.map(shown.name, look.readout, look.t), look.limits(list(shown.maps[look.readout]))
    return grids.drawn(subject, traced, raw, limits, look, signed=look.signed)
