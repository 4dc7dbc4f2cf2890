"""An image of a run, opened in the tab that shows what the run computed: its map there, and its scores where it can."""

from __future__ import annotations

from typing import Any

from gradio.components.base import Component

from app.inference.models import DEFAULT_SIZE
from app.library import mask_reading
from app.library.photographs import MODEL_SIZES
from app.library.run_library import StoredRun
from app.page import share
from app.page.events import Updates
from app.page.shell import Shell
from app.tabs.runs.view import OWN_TABS, Sight

READING = "mask_values"
"""In the link of a tab that reads masks, and in a run: what their numbers mean."""


def tab_for(shell: Shell, stored: StoredRun) -> str:
    """The tab of the run's kind, else the one that shows a map. A tab has the name of its evaluation."""
    return stored.kind if stored.kind in OWN_TABS and stored.kind in shell.links else shell.map_tab


def linked(shell: Shell) -> dict[str, Component]:
    """What opening an image may change, by tab and name; `values_for` names them alike."""
    wanted = {shell.map_tab, *OWN_TABS}
    return {
        f"{tab} {name}": component
        for tab, view in shell.links.items()
        for name, component in view.items()
        if tab in wanted or name == READING
    }


def updates_for(shell: Shell, sight: Sight) -> Updates:
    """Updates of `linked` that make the run's tab show the image as the run scored it.

    Every tab that reads masks reads them as the run did. A baseline has no map: the tab's own stays.
    """
    tab, stored = tab_for(shell, sight.stored), sight.stored
    values = {f"{tab} {name}": value for name, value in (map_values(sight) | score_values(stored)).items()}
    reading = mask_reading.recorded(stored.facts)
    if reading is not None:
        values |= {f"{one} {READING}": reading for one, view in shell.links.items() if READING in view}
    components = linked(shell)
    return {
        key: share.reader(key.split()[1], components[key])(components[key], value)
        for key, value in values.items()
        if key in components
    }


def map_values(sight: Sight) -> dict[str, str]:
    """The map of the run's view, as a link would name it; nothing of a baseline."""
    key = sight.view.key
    if key is None:
        return {}
    size = sight.stored.facts.get("models", {}).get(sight.view.model, {}).get("image_size")
    return {
        "model": sight.view.model,
        "size": str(size) if size in MODEL_SIZES else DEFAULT_SIZE,
        "layer": key.layer,
        "readout": key.readout,
        "t": str(key.iteration),
    }


def score_values(stored: StoredRun) -> dict[str, str]:
    """How the run scored it, as a link to the tab of its kind would say it."""
    settings: dict[str, Any] = stored.facts["settings"]
    if stored.kind == "segmentation":
        return {"threshold": str(settings.get("threshold", "")), "mode": "errors"}
    if stored.kind == "fixations":
        dropped = settings.get("drop_first")
        return {"first": "usual" if dropped is None else "drop" if dropped else "keep", "points": ""}
    return {}
