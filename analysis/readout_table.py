"""Which input size, layer and readout to look at: runs over all of them, read side by side (SPEC §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from analysis.evaluations.grouping import Entry
from analysis.markdown import table
from vars_core.image_size import ImageSize, size_text


class SizedReading(NamedTuple):
    """Where a map is read: the input size of the model ("224"; "" for a baseline), its layer, its readout."""

    size: str
    layer: str
    readout: str


@dataclass(frozen=True)
class Measure:
    """One column of the tables: what one metric says on one data set. ``name`` says data and metric.

    ``values``: model and place -> the metric at t = 0..T.
    """

    name: str
    digits: int
    values: dict[tuple[str, SizedReading], list[float]] = field(default_factory=dict)

    def add(self, summary: Sequence[Entry], metric: str, sizes: Mapping[str, ImageSize]) -> None:
        """Take in a run's summary; ``sizes``: the input size of each of its models."""
        steps: dict[tuple[str, SizedReading], dict[int, float]] = {}
        for entry in summary:
            # A blur sweep's maps are not the model's own.
            if entry["metric"] == metric and entry["value"] is not None and not entry.get("blur"):
                size = sizes.get(entry["model"])
                place = SizedReading(
                    "" if size is None else size_text(size), entry["layer"] or "", entry["readout"] or ""
                )
                steps.setdefault((entry["model"], place), {})[int(entry["iteration"] or 0)] = float(entry["value"])
        self.values.update({key: [by_step[t] for t in sorted(by_step)] for key, by_step in steps.items()})

    def last(self, model: str) -> dict[SizedReading, float]:
        """SizedReading -> the metric at the last iterate of ``model``."""
        return {place: steps[-1] for (name, place), steps in self.values.items() if name == model}


def models_of(measures: Sequence[Measure]) -> list[str]:
    """The models that have layers, in the order of the runs."""
    return list(dict.fromkeys(model for m in measures for model, place in m.values if place.layer))


def baseline_table(measures: Sequence[Measure]) -> str:
    """Markdown: a row per baseline and ceiling, a column per measure."""
    names = dict.fromkeys(model for m in measures for model, place in m.values if not place.layer)
    rows = ([name, *(_cell(m, name, SizedReading("", "", "")) for m in measures)] for name in names)
    return "\n".join(table(["", *(m.name for m in measures)], rows))


def size_table(measures: Sequence[Measure], size: str) -> str:
    """Markdown: a row per model, layer and readout at one input size; a cell holds t = 0…T separated by slashes."""
    keys = dict.fromkeys(key for m in measures for key in m.values if key[1].size == size and key[1].layer)
    header = ["model", "layer", "readout", *(f"{measure.name}, t = 0…T" for measure in measures)]
    rows = ([model, place.layer, place.readout, *(_cell(m, model, place) for m in measures)] for model, place in keys)
    return "\n".join(table(header, rows, left=3))


def ranked_places(measures: Sequence[Measure], models: Sequence[str]) -> list[tuple[SizedReading, float]]:
    """Places by their mean over ``models`` and ``measures`` of the last iterate's standardised value, best first.

    Each measure is standardised over all places of one model (mean 0, variance 1), so that no measure and no model
    counts for more because its numbers are larger. A place that some model was not read at is left out.
    """
    scores: dict[SizedReading, list[float]] = {}
    for measure in measures:
        for model in models:
            last = measure.last(model)
            spread = float(np.std(list(last.values()))) or 1.0
            mean = float(np.mean(list(last.values())))
            for place, value in last.items():
                scores.setdefault(place, []).append((value - mean) / spread)
    whole = len(measures) * len(models)
    means = [(place, float(np.mean(values))) for place, values in scores.items() if len(values) == whole]
    return sorted(means, key=lambda item: -item[1])


def ranking_table(measures: Sequence[Measure], models: Sequence[str], count: int = 16) -> str:
    """Markdown: the best places, their score, and each measure's mean over the models at the last iterate."""
    header = ["", "size", "layer", "readout", "score", *(f"{m.name}, mean of models" for m in measures)]
    best = enumerate(ranked_places(measures, models)[:count], start=1)
    return "\n".join(
        table(
            header,
            (
                [str(rank), *place, f"{score:+.2f}"]
                + [f"{np.mean([m.last(model)[place] for model in models]):.{m.digits}f}" for m in measures]
                for rank, (place, score) in best
            ),
            left=4,
        )
    )


def model_table(measures: Sequence[Measure], models: Sequence[str], place: SizedReading) -> str:
    """Markdown: each model at ``place``, and in brackets the best that it reaches anywhere, and where."""
    rows = []
    for model in models:
        cells = []
        for measure in measures:
            last = measure.last(model)
            best = max(last, key=lambda where: last[where])
            where = " ".join(best)
            cells.append(f"{last[place]:.{measure.digits}f} ({last[best]:.{measure.digits}f}: {where})")
        rows.append([model, *cells])
    return "\n".join(table(["model", *(m.name for m in measures)], rows))


def _cell(measure: Measure, model: str, place: SizedReading) -> str:
    steps = measure.values.get((model, place))
    return "—" if steps is None else " / ".join(f"{value:.{measure.digits}f}" for value in steps)
