"""Several models on several pictures, side by side: what the Compare and Corruptions tabs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app import payload
from app.models import title
from app.photographs import Corruption, Subject, fitted
from app.traced import Traced
from vars_core.errors import InputError

MAX_MODELS = 4
MAX_PICTURES = 5
PANEL_SIDE = 400
"""Longest side of a picture in a grid, in pixels."""


def picture_words(corruption: Corruption | None) -> str:
    """What a picture is: "clean" or "fog, severity 3"."""
    return "clean" if corruption is None else f"{words(corruption.name)}, severity {corruption.severity}"


def words(name: str) -> str:
    """ "gaussian_noise" -> "gaussian noise"."""
    return name.replace("_", " ")


def check_models(models: Sequence[str]) -> None:
    """Raise InputError unless 1..`MAX_MODELS` different models are named."""
    if not 1 <= len(models) <= MAX_MODELS or len(set(models)) != len(models):
        raise InputError(f"expected 1 to {MAX_MODELS} different models, got {len(models)}")


def check_pictures(corruptions: Sequence[Corruption | None]) -> None:
    """Raise InputError unless 1..`MAX_PICTURES` pictures are asked for."""
    if not 1 <= len(corruptions) <= MAX_PICTURES:
        raise InputError(f"expected 1 to {MAX_PICTURES} pictures, got {len(corruptions)}")


def panel_names(models: Sequence[str], corruptions: Sequence[Corruption | None]) -> list[str]:
    """A name for each panel, row by row (a row is a picture, a column a model)."""
    return [f"{title(model)}, {picture_words(corruption)}" for corruption in corruptions for model in models]


def grid(subjects: Sequence[Subject], results: Sequence[Sequence[Traced]], notes: Sequence[str] = ()) -> dict[str, Any]:
    """The viewer's payload: ``results[row][column]`` of picture ``subjects[row]``; one note a panel, row by row."""
    panels: list[dict[str, Any]] = []
    for subject, row in zip(subjects, results, strict=True):
        picture = fitted(subject.display, PANEL_SIDE)
        said = picture_words(subject.corruption)
        for result in row:
            note = notes[len(panels)] if notes else ""
            alt = f"{subject.photograph.title}, {said}"
            panel = payload.panel(picture, result, heading=f"{title(result.model.name)} — {said}", note=note, alt=alt)
            panels.append(panel)
    return payload.viewer(panels, columns=len(results[0]))
