"""Several photographs under one map: a row each, with its answer and the iterates of one layer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.paper_figures.column import colour_bar, pictures_figure
from app.inference.models import title
from app.inference.traced import Traced
from app.library.photographs import Subject, fitted
from app.views import grids, payload
from app.views.answers import Answer
from app.views.answers import described as described_answer
from app.views.exports import Export, described
from app.views.look import Look
from app.views.weights import figure_words
from vars_core.errors import InputError

MAX_ROWS = 16
"""Photographs that have a row at once, the latest."""

PIECE = 2
"""Photographs of one answer that a model has to run for: rows come two by two, and two wait in the queue."""

ROW_SIDE = 160
"""Longest side of a picture in a row, in pixels."""


@dataclass(frozen=True)
class Wanted:
    """What the browser asks rows for: ``refs`` of photographs, and the map. ``key``: the browser's name for it."""

    refs: tuple[str, ...]
    model: str
    size: str
    layer: str | None
    key: str

    @staticmethod
    def of(sent: str) -> Wanted:
        """From the JSON that rows.js writes. Raises InputError."""
        try:
            given = json.loads(sent)
            refs, model, size, layer, key = (given[name] for name in ("refs", "model", "size", "layer", "key"))
            known = all(isinstance(one, str) for one in (*refs, model, size, layer or "", key))
        except (ValueError, TypeError, KeyError):
            raise InputError("expected rows by their photographs, model, size and layer") from None
        if not (known and len(refs) <= MAX_ROWS):
            raise InputError(f"expected at most {MAX_ROWS} photographs, got {len(refs)}")
        return Wanted(tuple(refs), model, size, layer, key)


def row(subject: Subject, traced: Traced, layer: str | None, answer: Answer | None) -> dict[str, Any]:
    """One row: a panel of the viewer's with the iterates of one layer; without any where the model has no layers."""
    shown = traced
    if traced.layers:
        one = traced.shown(layer)
        shown = replace(traced, layers=(one,), grids={one.name: one.grid})
    panel = payload.panel(fitted(subject.display, ROW_SIDE), shown, answer=answer)
    return {"ref": subject.photograph.ref, "panel": panel}


def export(
    subjects: Sequence[Subject], results: Sequence[Traced], answers: Sequence[Answer | None], look: Look
) -> Export:
    """The rows as a figure, a line a photograph; the maps of all iterates of each among the arrays.

    Raises InputError for a model without layers.
    """
    layers = [result.shown(look.layer) for result in results]
    every = [layer.maps[look.readout] for layer in layers]
    steps = len(every[0])
    pictures: list[np.ndarray] = []
    captions: list[str] = []
    for i, (subject, result, raw, said) in enumerate(zip(subjects, results, every, answers, strict=True), start=1):
        drawn = [grids.drawn(subject, result, one, look.limits([raw]), look, signed=look.signed) for one in raw]
        pictures += [fitted(one, 2 * ROW_SIDE) for one in (subject.display, *drawn)]
        captions += [f"photograph {i}" + (f"\n{said.words}" if said else ""), *(f"t = {t}" for t in range(steps))]
    together = "of each photograph's iterates together" if look.scale == "shared" else ""
    drawing = pictures_figure(
        pictures,
        captions,
        columns=1 + steps,
        title=f"{title(results[0].model.name)} · layer {layers[0].name} · {look.readout}",
        footer=figure_words(results[0].model),
        bars=[colour_bar(look.painting.of(look.signed), None, together)],
    )
    told = described(list(subjects), [results[0].model], replace(look, layer=layers[0].name).settings)
    del told["photograph"], told["pictures"]
    told["photographs"] = [
        {
            "ref": subject.photograph.ref,
            "height": subject.photograph.height,
            "width": subject.photograph.width,
            "answer": described_answer(said),
        }
        for subject, said in zip(subjects, answers, strict=True)
    ]
    told["grid"] = list(layers[0].grid)
    arrays = {f"{i:02d}/{name}": maps for i, one in enumerate(layers) for name, maps in one.maps.items()}
    return Export(drawing, ROW_SIDE, arrays, told)
