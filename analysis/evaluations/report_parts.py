"""What the reports of all evaluations share: where the numbers come from, and how one is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from analysis.colour_maps import DEFAULT, SIGNED, ColourMap, sequential
from analysis.evaluations.grouping import COORDINATES, Entry, MapGroup
from analysis.evaluations.table import EVALUATIONS
from analysis.provenance import input_size
from analysis.reports import Cell, Report
from analysis.runs import Run


def entry_key(name: Mapping[str, Any], metric: str) -> tuple[Any, ...]:
    """Where the entry of a metric stands among the values. ``name``: a group's, or the entry itself."""
    return (*(name[key] for key in COORDINATES), name.get("blur", 0.0), metric)


def with_interval(entry: Entry | None, digits: int, between: str) -> Cell | None:
    """A value with its interval, where it has one, below: "low``between``high"; the exact value and n on hovering."""
    if entry is None:
        return None
    interval = between.join(f"{bound:.{digits}f}" for bound in entry["ci95"] or ())
    return Cell(f"{entry['value']:.{digits}f}", interval, f"{entry['value']!r}, n = {entry['n']}")


class MapTables:
    """The tables of a run over maps: groups of images down, the metrics of its ``kind`` across.

    ``digits``: decimals of a value; ``between``: what stands between the ends of its interval.
    """

    def __init__(
        self, report: Report, run: Run, kind: str, summary: Sequence[Entry], digits: int, between: str
    ) -> None:
        self.report, self.run, self.metrics = report, run, EVALUATIONS[kind].metrics
        self.values = {entry_key(entry, entry["metric"]): entry for entry in summary}
        self._digits, self._between = digits, between

    def measured(self, names: Sequence[Mapping[str, Any]]) -> list[str]:
        """The metrics that at least one of the groups has."""
        return [metric for metric in self.metrics if any(entry_key(name, metric) in self.values for name in names)]

    def titles(self, metrics: Iterable[str]) -> list[str]:
        """What people call them."""
        return [self.metrics[metric].title for metric in metrics]

    def entry(self, group: MapGroup, metric: str) -> Entry:
        """The entry of a metric that a group has."""
        return self.values[entry_key(group.name, metric)]

    def cells(self, name: Mapping[str, Any], metrics: Iterable[str]) -> list[Cell | None]:
        """A group's values with their intervals."""
        entries = (self.values.get(entry_key(name, metric)) for metric in metrics)
        return [with_interval(entry, self._digits, self._between) for entry in entries]

    def first(self, column: str, groups: Sequence[MapGroup], paper: Mapping[str, Mapping[str, str]]) -> list[str]:
        """The first table, the paper's numbers (line → metric → number) below; the metrics that it shows."""
        metrics = self.measured([group.name for group in groups])
        rows: list[Sequence[Any]] = [(group.title, *self.cells(group.name, metrics)) for group in groups]
        rows += [(line, *(Cell(of[m]) if m in of else None for m in metrics)) for line, of in paper.items()]
        owners = [*(group.model for group in groups), *(None for _ in paper)]
        self.report.table((column, *self.titles(metrics)), rows, models=owners)
        return metrics

    def everything(self, places: Sequence[str], names: Sequence[tuple[Sequence[Any], Mapping[str, Any], int]]) -> None:
        """All groups, folded away: where each stands in ``places``, its name, and how many of its maps are flat."""
        self.report.heading("Everything measured")
        metrics = self.measured([name for _, name, _ in names])
        rows = [(*place, *self.cells(name, metrics), flat) for place, name, flat in names]
        columns = (*places, *self.titles(metrics), "degenerate")
        models = [name["model"] for _, name, _ in names]
        self.report.table(columns, rows, models=models, folded=f"{len(rows)} lines")

    def rows_behind(self, group: MapGroup, columns: Sequence[str], numbers: Iterable[Sequence[Any]]) -> None:
        """A group's images and where the rows of each lie, folded away; ``numbers``: of each image."""
        rows = [
            (part_name(self.run, int(position)), int(position), name, group.model, *own)
            for position, name, own in zip(group.positions, group.ids, numbers, strict=True)
        ]
        owners, title = [group.model] * len(rows), f"{group.title}: {len(rows)} images"
        self.report.table(("part", "position", "image", "model", *columns), rows, models=owners, folded=title)


def report_of(run: Run, title: str, lines: Iterable[str], images: int) -> Report:
    """A report with what stands before any number: the command, ``lines`` on the data, conditions, and failures.

    ``images``: how many there are to score.
    """
    report = Report(title)
    report.text(f"Command: {run.facts['command']}")
    for line in lines:
        report.text(line)
    tell_conditions(report, run.facts)
    tell_failures(report, run, images)
    return report


def tell_conditions(report: Report, facts: Mapping[str, Any]) -> None:
    """Device, versions, checkpoints and input sizes of a run, and what it assumed, from its ``run.json``."""
    report.text(f"Device: {facts.get('device', 'none')}. Versions: {_listed(facts['versions'])}.")
    for other in facts.get("continued_under", []):
        report.text(f"Continued under other versions: {_listed(other)}.", kind="warning")
    for model, described in facts.get("models", {}).items():
        if described["checkpoint"] is None:
            report.text(f"{model} has no trained weights: its numbers say nothing about the model.", kind="warning")
        else:
            report.text(f"{model}: checkpoint SHA-256 {described['checkpoint']}.")
        report.text(f"{model}: input of {input_size(described)}.")
    for sentence in facts.get("assumptions", ()):
        report.text(f"Assumed: {sentence}.")
    for sentence in facts.get("conventions", ()):
        report.text(f"Taken for granted: {sentence}.")


def tell_failures(report: Report, run: Run, images: int) -> None:
    """Which of ``images`` images could not be scored, and why; nothing where all could."""
    failed = run.rows(["position", "id", "error"], where=pc.is_valid(pc.field("error")))
    if not len(failed):
        return
    report.text(f"{len(failed)} of {images} images could not be scored:", kind="warning")
    rows = [(part_name(run, row["position"]), row["position"], row["id"], row["error"]) for row in failed.to_pylist()]
    report.table(("part", "position", "image", "why"), rows)


def colours_of(run: Run) -> ColourMap:
    """In which the report draws what has no sign: as the run was asked to; runs that do not say, as usual."""
    return sequential(run.facts.get("colour_map", DEFAULT.name))


def tell_colours(report: Report, colours: ColourMap) -> None:
    """What the colours of maps mean."""
    report.text(f"Maps are drawn in {colours.title}, each on its own scale. {colours.words} {SIGNED.words}")


def part_name(run: Run, position: int) -> str:
    """The file that holds the rows of the sample at ``position``."""
    return run.part_path(position // int(run.facts["settings"]["batch_size"])).name


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
