"""Several models on several pictures, side by side: what the Compare and Corruptions tabs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.metrics.agreement import correlation
from analysis.painting import scaled
from analysis.paper_figures.column import Bar, colour_bar, pictures_figure
from app.inference.models import title
from app.inference.traced import Traced
from app.library.photographs import Corruption, Subject, fitted
from app.views import payload
from app.views.answers import Answer
from app.views.answers import described as described_answer
from app.views.exports import Export, described
from app.views.look import Look
from app.views.pictures import picture_words
from vars_core.errors import InputError

MAX_MODELS = 4
MAX_PICTURES = 5
PANEL_SIDE = 400
"""Longest side of a picture in a grid, in pixels."""


def check_models(models: Sequence[str]) -> None:
    """Raise InputError unless 1..`MAX_MODELS` different models are named."""
    if not 1 <= len(models) <= MAX_MODELS or len(set(models)) != len(models):
        raise InputError(f"expected 1 to {MAX_MODELS} different models, got {len(models)}")


def check_pictures(corruptions: Sequence[Corruption | None]) -> None:
    """Raise InputError unless 1..`MAX_PICTURES` pictures are asked for."""
    if not 1 <= len(corruptions) <= MAX_PICTURES:
        raise InputError(f"expected 1 to {MAX_PICTURES} pictures, got {len(corruptions)}")


def check_reference(reference: str, panels: int) -> None:
    """Raise InputError unless it is "none" or the index of a panel."""
    if reference not in {"none", *map(str, range(panels))}:
        raise InputError(f"expected a reference of none or 0..{panels - 1}, got {reference[:40]!r}")


def panel_names(models: Sequence[str], corruptions: Sequence[Corruption | None]) -> list[str]:
    """A name for each panel, row by row (a row is a picture, a column a model)."""
    return [f"{title(model)}, {picture_words(corruption)}" for corruption in corruptions for model in models]


def grid(
    subjects: Sequence[Subject],
    results: Sequence[Sequence[Traced]],
    answers: Sequence[Answer | None],
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """The viewer's payload: a table with a picture a row and a model a column.

    ``results[row][column]`` belongs to ``subjects[row]``; one of ``answers``, and of ``notes``, a panel, row by row.
    """
    panels: list[dict[str, Any]] = []
    for subject, row in zip(subjects, results, strict=True):
        picture = fitted(subject.display, PANEL_SIDE)
        said = picture_words(subject.corruption)
        for result in row:
            note = notes[len(panels)] if notes else ""
            alt = f"{subject.photograph.title}, {said}"
            heading = f"{title(result.model.name)} — {said}"
            answer = answers[len(panels)]
            panels.append(payload.panel(picture, result, heading=heading, note=note, alt=alt, answer=answer))
    return payload.viewer(
        panels,
        columns=len(results[0]),
        heads=[title(result.model.name) for result in results[0]],
        rows=[picture_words(subject.corruption) for subject in subjects],
    )


def export(
    subjects: Sequence[Subject],
    results: Sequence[Sequence[Traced]],
    look: Look,
    answers: Sequence[Answer | None],
    *,
    reference: str | None = "none",
    captions: Sequence[str] = (),
) -> Export:
    """The table as a figure, and every map of it. ``reference``: the index of the panel to subtract, else none is."""
    flat = [(subject, result) for subject, row in zip(subjects, results, strict=True) for result in row]
    layers = [result.shown(look.layer) for _, result in flat]
    every = [layer.maps[look.readout] for layer in layers]
    raw = [maps[min(look.t, len(maps) - 1)] for maps in every]
    limits = look.limits(every)
    subtracted = {str(i): i for i in range(len(raw))}.get(reference or "")
    signed = look.signed and subtracted is None
    units = [scaled(one, signed, limits) for one in raw]
    names = [f"{title(result.model.name)}, {picture_words(subject.corruption)}" for subject, result in flat]
    colours = look.painting.of(look.signed or subtracted is not None)
    bar = colour_bar(colours, limits) if subtracted is None else Bar(colours.bar(), "−1", "+1", "0")
    drawing = pictures_figure(
        [
            panel_image(subject, result, unit, None if subtracted is None else units[subtracted], look)
            for (subject, result), unit in zip(flat, units, strict=True)
        ],
        [
            "\n".join(part for part in (name, answer.words if answer else "", more) if part)
            for name, answer, more in zip(names, answers, captions or with_reference(raw, subtracted), strict=True)
        ],
        columns=len(results[0]),
        title=f"Layer {layers[0].name} · {look.readout} · t = {look.t} · "
        + ("maps" if subtracted is None else f"difference to {names[subtracted]}"),
        footer=scale_words(limits is not None, subtracted is not None, signed),
        bars=[bar],
    )
    arrays = {f"{i:02d}/map": one for i, one in enumerate(raw)}
    arrays |= {f"{i:02d}/iterates": maps for i, maps in enumerate(every)}
    view = {**look.settings, "layer": layers[0].name, "reference": "none" if subtracted is None else reference}
    settings = described(list(subjects), [result.model for result in results[0]], view)
    told = {**settings, "panels": names, "answers": [described_answer(one) for one in answers]}
    return Export(drawing, PANEL_SIDE, arrays, told)


def panel_image(
    subject: Subject, traced: Traced, unit: np.ndarray, subtracted: np.ndarray | None, look: Look
) -> np.ndarray:
    """One cell: the scaled map, or its difference to another; the bare picture where the two grids differ."""
    picture = fitted(subject.display, PANEL_SIDE)
    placement = traced.model.placement(*picture.shape[:2])
    if subtracted is None:
        return look.painting.scaled_over(picture, unit, placement, signed=look.signed)
    if subtracted.shape != unit.shape:
        return picture
    return look.painting.scaled_over(picture, unit - subtracted, placement, signed=True)


def drawn(
    subject: Subject,
    traced: Traced,
    raw: np.ndarray,
    limits: tuple[float, float] | None,
    look: Look,
    *,
    signed: bool,
) -> np.ndarray:
    """A raw map over its picture, as the viewer in the browser draws it: uint8 (h, w, 3)."""
    placement = traced.model.placement(*subject.display.shape[:2])
    return look.painting.over(subject.display, raw, placement, signed=signed, limits=limits)


def with_reference(raw: Sequence[np.ndarray], reference: int | None) -> list[str]:
    """Beside each panel: the correlation of its raw map with the reference's, where the two have one grid."""
    if reference is None:
        return [""] * len(raw)
    other = raw[reference]
    return [f"r = {correlation(one, other):.2f}" if one.shape == other.shape else "another grid" for one in raw]


def scale_words(shared: bool, difference: bool, signed: bool = False) -> str:
    """What the colours of the figure mean."""
    scale = "One colour scale for all maps and iterates." if shared else "Each map has its own colour scale."
    if not difference:
        return f"{scale} White is zero, blue below it, vermilion above." if signed else scale
    first = "on one scale for all maps" if shared else "each first scaled to its own 0..1"
    return f"Map minus reference, {first}: blue −1, white 0, vermilion +1. r: correlation with the reference's map."
