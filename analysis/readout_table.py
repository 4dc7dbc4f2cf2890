"""Which layer and readout to look at: runs over all of them, read side by side (SPEC §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Entry = Mapping[str, Any]
Place = tuple[str, str]
"""(layer, readout)."""


@dataclass(frozen=True)
class Measure:
    """One column group of the table: a run's summary, read by one metric. ``name`` says data and metric."""

    name: str
    metric: str
    summary: Sequence[Entry]
    digits: int = 2

    def values(self) -> dict[tuple[str, str, str], list[float]]:
        """(model, layer, readout) -> the metric at t = 0..T; baselines have no layer and one value."""
        found: dict[tuple[str, str, str], dict[int, float]] = {}
        for entry in self.summary:
            # A blur sweep's maps are not the model's own.
            if entry["metric"] == self.metric and entry["value"] is not None and not entry.get("blur"):
                key = (entry["model"], entry["layer"] or "", entry["readout"] or "")
                found.setdefault(key, {})[int(entry["iteration"] or 0)] = float(entry["value"])
        return {key: [steps[t] for t in sorted(steps)] for key, steps in found.items()}


def table(measures: Sequence[Measure]) -> str:
    """Markdown: a row per model, layer and readout; a column per measure, holding t = 0..T separated by slashes."""
    values = [measure.values() for measure in measures]
    keys = list(dict.fromkeys(key for found in values for key in found))
    keys.sort(key=lambda key: (key[1] != "",))  # baselines first, the rest in the order of the runs
    lines = [
        "| model | layer | readout | " + " | ".join(f"{measure.name}, t = 0…T" for measure in measures) + " |",
        "|---|---|---|" + "---|" * len(measures),
    ]
    for key in keys:
        cells = [
            " / ".join(f"{value:.{measure.digits}f}" for value in found[key]) if key in found else "—"
            for measure, found in zip(measures, values, strict=True)
        ]
        lines.append(f"| {key[0]} | {key[1] or '—'} | {key[2] or '—'} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ranked_places(measures: Sequence[Measure], models: Sequence[str]) -> list[tuple[Place, float]]:
    """Layers and readouts by their mean over ``models`` and ``measures`` of the last iterate's standardised value.

    Each measure is standardised over all its places of one model (mean 0, variance 1), so that none counts for more
    because its numbers are larger. Best first.
    """
    scores: dict[Place, list[float]] = {}
    for measure in measures:
        values = measure.values()
        for model in models:
            last = {(layer, readout): steps[-1] for (name, layer, readout), steps in values.items() if name == model}
            if not last:
                continue
            spread = float(np.std(list(last.values()))) or 1.0
            mean = float(np.mean(list(last.values())))
            for place, value in last.items():
                scores.setdefault(place, []).append((value - mean) / spread)
    means = [(place, float(np.mean(found))) for place, found in scores.items()]
    return sorted(means, key=lambda item: -item[1])
