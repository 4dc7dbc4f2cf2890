"""What the endpoint of the closer look answers: the map, every head, other methods, deletion and insertion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.metrics.faithfulness import area
from analysis.paper_figures.column import colour_bar, in_rows, pictures_figure
from app.inference.closer import Curves
from app.inference.models import title
from app.inference.traced import Traced
from app.library.photographs import Photograph, Subject
from app.tabs.attention import closer_words as words
from app.tabs.attention.asked import A_CLASS, ALL_HEADS, ONE_TOKEN, PREDICTED, Asked
from app.views import grids
from app.views.answers import class_name, predictions
from app.views.exports import Export, described
from app.views.look import Look
from app.views.numbers import whole
from app.views.weights import figure_words
from vars_core.errors import InputError, check_range, nearest
from vars_core.readouts import READOUTS

COLUMNS = 4


def place_of(photograph: Photograph, x: float | None, y: float | None) -> str:
    """A place in pixels of the photograph as `Asked` takes it, in shares; the middle where none is named."""
    if x is None and y is None:
        return ""
    if x is None or y is None:
        raise InputError("expected a token as x and y together, got one of them")
    check_range("x of a token", x, 0, photograph.width)
    check_range("y of a token", y, 0, photograph.height)
    return f"{y / photograph.height},{x / photograph.width}"


def class_index(stated: str, names: Sequence[str] | None) -> str:
    """A class as `Asked` takes it: by its index, by its name, or "" for the predicted one."""
    if stated == PREDICTED or stated.isdecimal():
        return stated
    if names is None:
        raise InputError(f"expected a class by its index: the names of this model's are not known, got {stated[:40]!r}")
    if stated not in names:
        raise InputError(f"expected a class by index or name, got {stated[:40]!r}; nearest: {nearest(stated, names)}")
    return str(names.index(stated))


def answer(
    subject: Subject,
    traced: Traced,
    closer: Traced,
    asked: Asked,
    look: Look,
    beside: Mapping[str, np.ndarray],
    curves: Curves | None,
    names: Sequence[str] | None,
) -> tuple[np.ndarray, Export]:
    """The map of ``look`` (of the head asked for) over the photograph, uint8 (h, w, 3), and the rest: a figure of all
    heads and other methods, and all numbers.

    ``beside``: maps (h, w) of other methods, by name. Raises InputError for a head that the layer has not.
    """
    layer = closer.layer(look.layer or "")
    head = whole(asked.head)
    if head is None and asked.head != ALL_HEADS:
        raise InputError(f"expected a head as 'all' or its index from 0, got {str(asked.head)[:40]!r}")
    chosen = layer.map(look.readout, look.t, head)
    signed = READOUTS[look.readout].signed
    heads = {f"head {i}": layer.map(look.readout, look.t, i) for i in range(layer.num_heads)}
    drawn = {
        "all heads": (layer.map(look.readout, look.t), signed),
        **{name: (one, signed) for name, one in heads.items()},
        **{name: (one, bool(one.min() < 0)) for name, one in beside.items()},
    }
    shown = "all heads" if head is None else f"head {head}"
    pictures = {
        name: grids.drawn(subject, traced, raw, None, look, signed=below) for name, (raw, below) in drawn.items()
    }
    whose = _whose(asked, traced, layer.name, names)
    drawing = pictures_figure(
        [subject.display, *pictures.values()],
        ["photograph", *pictures],
        columns=in_rows(1 + len(pictures), COLUMNS),
        title=f"{title(traced.model.name)} · layer {layer.name} · {look.readout} · t = {look.t} · {whose['words']}",
        footer=figure_words(traced.model),
        bars=[colour_bar(look.painting.of(below), None) for below in sorted({below for _, below in drawn.values()})],
        chosen=1 + list(pictures).index(shown),
    )
    arrays = {"map": chosen, **layer.maps, **{f"heads/{name}": one for name, one in layer.heads.items()}}
    arrays |= {f"beside/{name}": one for name, one in beside.items()}
    facts: dict[str, Any] = {
        **described([subject], [traced.model], {**look.settings, "whose": asked.whose, "head": asked.head}),
        **whose,
        "grid": list(layer.grid),
        "heads": layer.num_heads,
        "map": chosen.tolist(),
        "beside": list(beside),
        "trained": traced.model.trained,
        "top5": predictions(traced, names) if traced.model.trained else [],
    }
    if curves is not None:
        for name, by_map in (("deletion", curves.deletion), ("insertion", curves.insertion)):
            arrays |= {f"{name}/{one}": values for one, values in by_map.items()}
            facts[name] = {one: area(values) for one, values in by_map.items()}
    return pictures[shown], Export(drawing, subject.display.shape[1], arrays, facts)


def _whose(asked: Asked, traced: Traced, layer: str, names: Sequence[str] | None) -> dict[str, Any]:
    """Whose attention it is, for people and for programs."""
    if asked.whose == ONE_TOKEN:
        token = asked.token_of(traced.layer(layer))
        return {"words": words.heading(asked, (token.row, token.column), ""), "token": [token.row, token.column]}
    if asked.whose == A_CLASS:
        index = asked.class_of(traced)
        called = class_name(index, names)
        return {"words": words.heading(asked, None, called), "class": {"index": index, "name": called}}
    return {"words": words.heading(asked, None, "")}
