"""What the reports of all evaluations share: where the numbers come from, and how one is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from analysis.evaluations.grouping import COORDINATES, Entry
from analysis.provenance import input_size
from analysis.reports import Cell, Report
from analysis.runs import Run

Values = Mapping[tuple[Any, ...], Entry]
"""The entries of a summary by `entry_key`."""


def entry_key(name: Mapping[str, Any], metric: str) -> tuple[Any, ...]:
    """Where the entry of a metric stands among the values. ``name``: a group's, or the entry itself."""
    return (*(name[key] for key in COORDINATES), name.get("blur", 0.0), metric)


def entries_by_key(summary: Sequence[Entry]) -> Values:
    """The entries of a summary, to be found by group and metric."""
    return {entry_key(entry, entry["metric"]): entry for entry in summary}


def measured(values: Values, metrics: Iterable[str], names: Sequence[Mapping[str, Any]]) -> list[str]:
    """Those of ``metrics`` that at least one of the groups has."""
    return [metric for metric in metrics if any(entry_key(name, metric) in values for name in names)]


def with_interval(entry: Entry | None, digits: int, between: str) -> Cell | None:
    """A value with its interval, where it has one, below: "low``between``high"; the exact value and n on hovering."""
    if entry is None:
        return None
    interval = between.join(f"{bound:.{digits}f}" for bound in entry["ci95"] or ())
    return Cell(f"{entry['value']:.{digits}f}", interval, f"{entry['value']!r}, n = {entry['n']}")


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


def part_name(run: Run, position: int) -> str:
    """The file that holds the rows of the sample at ``position``."""
    return run.part_path(position // int(run.facts["settings"]["batch_size"])).name


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
