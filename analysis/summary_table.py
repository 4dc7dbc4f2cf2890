"""A run's summary, read by place: a model's layer and readout."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.evaluations.grouping import Entry, is_plain

Place = tuple[str, str | None, str | None]
"""(model, layer, readout); of a baseline and of people the model alone."""


def place_of(entry: Entry) -> Place:
    """Where an entry stands."""
    return entry["model"], entry["layer"], entry["readout"]


def last_iterates(summary: Sequence[Entry]) -> dict[Place, dict[str, Entry]]:
    """Place → metric → its entry at the last iterate; parts and blurred maps aside."""
    last: dict[Place, dict[str, Entry]] = {}
    for entry in summary:
        if not is_plain(entry):
            continue
        shown = last.setdefault(place_of(entry), {}).get(entry["metric"])
        if shown is None or (entry["iteration"] or 0) > (shown["iteration"] or 0):
            last[place_of(entry)][entry["metric"]] = entry
    return last


def iterates(summary: Sequence[Entry]) -> dict[Place, list[int]]:
    """Place → the iterates it has entries at, in order; none for what does not iterate."""
    steps_at: dict[Place, set[int]] = {}
    for entry in summary:
        steps = steps_at.setdefault(place_of(entry), set())
        if entry["iteration"] is not None:
            steps.add(entry["iteration"])
    return {place: sorted(steps) for place, steps in steps_at.items()}


def by_iterate(summary: Sequence[Entry], place: Place, metric: str) -> dict[int, Entry]:
    """Iterate → entry of a metric at one place, in order; what has no iterates stands at 0. Parts and blurs aside."""
    by_step = {
        int(entry["iteration"] or 0): entry
        for entry in summary
        if place_of(entry) == place and entry["metric"] == metric and is_plain(entry)
    }
    return dict(sorted(by_step.items()))
