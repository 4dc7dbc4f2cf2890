"""Several robustness runs as tables in markdown: each suite and budget, what a mixer changes, every corruption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.evaluations.grouping import Entry
from analysis.evaluations.robustness import predictions_of
from analysis.evaluations.suites import SUITES
from analysis.evaluations.table import EVALUATIONS
from analysis.markdown import table, with_interval
from analysis.metrics.robustness import Estimate, paired_difference
from analysis.metrics.table import Metric, metrics_that_need, predictions_on
from analysis.provenance import conditions
from analysis.runs import Run, read_summary
from vars_core.errors import InputError


@dataclass(frozen=True)
class Column:
    """A metric under one budget, as one run has it. ``budget`` is "" where nothing is attacked."""

    metric: str
    title: str
    budget: str
    suite: str
    run: Run

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Model → its entry."""
        summary = read_summary(self.run.folder)
        return {e["model"]: e for e in summary if e["metric"] == self.metric and "corruption" not in e}

    @property
    def images(self) -> int:
        """Photographs behind the number of each model; the fewest."""
        return min(entry["n"] for entry in self.entries.values())


def table_lines(runs: Sequence[Run], against: str | None = None) -> Iterator[str]:
    """The lines of three tables and the conditions they hold under.

    ``against``: the model whose accuracies are taken off the others'; None: the first model of the first run. Where
    several runs have a metric under one budget, the one of most photographs is shown. Raises InputError for a run of
    another kind and for a model that is in no run.
    """
    columns = _columns(runs)
    models = list(dict.fromkeys(model for column in columns for model in column.entries))
    reference = models[0] if against is None else against
    if reference not in models:
        raise InputError(f"expected --against one of the runs' models ({', '.join(models)}), got {reference!r}")
    heads = [f"{column.title}{column.budget and f', {column.budget}'} ({column.images})" for column in columns]
    yield "Percent, with 95 % intervals; in brackets after a title the photographs behind it.\n"
    rows = ((model, *(with_interval(column.entries.get(model), 2) for column in columns)) for model in models)
    yield from table(("model", *heads), rows)
    yield f"\nPoints of top-1 more than {reference}, the same pictures of both:\n"
    accuracies = [column for column in columns if _metrics()[column.metric][1].higher_is_better]
    names = [f"{column.title}{column.budget and f', {column.budget}'}" for column in accuracies]
    others = [model for model in models if model != reference]
    rows = ((model, *(_points(_difference(one, model, reference)) for one in accuracies)) for model in others)
    yield from table(("model", *names), rows)
    for run in runs:
        yield from _by_corruption(run)
    yield ""
    for run in runs:
        yield from (f"- {line}" for line in conditions(run.facts)[: 2 if run is not runs[-1] else None])


def _columns(runs: Sequence[Run]) -> list[Column]:
    best: dict[tuple[str, str], Column] = {}
    for run in runs:
        settings = run.facts["settings"]
        if settings.get("evaluation") != "robustness":
            raise InputError(f"expected a robustness run, {run.folder} is one of {settings.get('evaluation')}")
        for name, metric in EVALUATIONS["robustness"].shown(read_summary(run.folder)).items():
            suite, _ = _metrics()[name]
            column = Column(name, metric.title, settings["attacks"].get(suite, ""), suite, run)
            shown = best.setdefault((name, column.budget), column)
            if column.images > shown.images:
                best[name, column.budget] = column
    order = list(_metrics())
    return sorted(best.values(), key=lambda column: order.index(column.metric))


def _metrics() -> Mapping[str, tuple[str, Metric]]:
    """Metric → the suite it is of, and its entry in the table of metrics."""
    return {
        name: (suite, metric) for suite in SUITES for name, metric in metrics_that_need(predictions_on(suite)).items()
    }


def _difference(column: Column, model: str, reference: str) -> Estimate | None:
    one, other = (predictions_of(column.run, name).get(column.suite) for name in (model, reference))
    return None if one is None or other is None else paired_difference(one, other)


def _by_corruption(run: Run) -> Iterator[str]:
    """The top-1 error under every corruption, mean over severities, in percent; nothing where none was corrupted."""
    for suite, one in SUITES.items():
        entries = [e for e in read_summary(run.folder) if e["metric"] == f"error_{suite}" and "severity" not in e]
        if not entries:
            continue
        models = list(dict.fromkeys(entry["model"] for entry in entries))
        names = list(dict.fromkeys(entry["corruption"] for entry in entries))
        values = {(entry["corruption"], entry["model"]): f"{entry['value']:.1f}" for entry in entries}
        yield f"\n{one.title}: top-1 error by corruption, mean over severities, percent:\n"
        rows = ((name, *(values.get((name, model), "–") for model in models)) for name in names)
        yield from table(("corruption", *models), rows)


def _points(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    value, low, high = (100 * number for number in (estimate.value, estimate.low, estimate.high))
    return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]" if np.isfinite(low) else f"{value:+.2f}"
