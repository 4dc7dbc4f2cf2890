"""The report of a robustness run: table 2 with the paper's rows, errors by corruption and severity, attack checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.colour_maps import ColourMap
from analysis.corruptions import SEVERITIES
from analysis.evaluations.grouping import Entry
from analysis.evaluations.report_parts import colours_of, tell_conditions, tell_failures, with_interval
from analysis.evaluations.suites import SUITES
from analysis.evaluations.table import EVALUATIONS
from analysis.figures import heat_map
from analysis.reports import Cell, Report
from analysis.runs import Run

PAPER = {
    "RVT*": (77.6, 60.4, 41.7, 28.7, 11.1, 11.1),
    "VARS-S": (76.8, 61.8, 43.2, 30.1, 7.6, 9.1),
    "VARS-D": (78.2, 58.7, 42.0, 29.8, 11.7, 12.4),
    "VARS-SD": (78.4, 58.3, 42.5, 30.5, 11.4, 13.4),
}
"""Table 2, the RVT rows: 224 px, ImageNet-1k."""

COLUMNS = ("clean", "mce", "imagenet_r", "imagenet_sketch", "pgd", "imagenet_a")


def build_report(run: Run, images: int, absent: Sequence[str], summary: Sequence[Entry]) -> str:
    """The page as HTML; every number is taken from the summary, which is computed from the rows alone.

    ``images``: how many there were to score; ``absent``: models that were asked for and have no weights.
    """
    report = Report("Robustness: clean, corrupted, drawn, attacked")
    _provenance(report, run, images)
    _table(report, absent, summary)
    for suite, one in SUITES.items():
        if one.corrupted:
            _by_corruption(report, summary, suite, colours_of(run))
    _checks(report, run)
    return report.html()


def _provenance(report: Report, run: Run, images: int) -> None:
    report.text(f"Command: {run.facts['command']}")
    for suite, data in run.facts["data"]["suites"].items():
        report.text(
            f"{SUITES[suite].title}: {data['folder']}, {data['samples']} images of {data['classes']} classes "
            f"(SHA-256 of their names {data['names_sha256']}), seen {data['policy']}."
        )
        for note in data["notes"]:
            report.text(f"{suite}: {note['what']}: {note['count']} ({', '.join(note['names'][:10])}).", kind="warning")
    for suite, attack in run.facts["settings"]["attacks"].items():
        report.text(f"{SUITES[suite].title}: {attack}; in pixels, before normalisation.")
    tell_conditions(report, run.facts)
    tell_failures(report, run, images)


def _table(report: Report, absent: Sequence[str], summary: Sequence[Entry]) -> None:
    report.heading("Table 2")
    metrics = EVALUATIONS["robustness"].shown(summary)
    values = {(e["model"], e["metric"]): e for e in summary if "corruption" not in e}
    models = list(dict.fromkeys(entry["model"] for entry in summary))
    rows: list[Sequence[Any]] = [
        (model, *(with_interval(values.get((model, name)), one.digits, " to ") for name, one in metrics.items()))
        for model in models
    ]
    owners: list[str | None] = list(models)
    for model in absent:
        rows.append((f"{model} (no weights: not run)", *(None for _ in metrics)))
        owners.append(None)
    for model, numbers in PAPER.items():
        known = dict(zip(COLUMNS, numbers, strict=True))
        cells = (Cell(f"{known[name]:.1f}") if name in known else None for name in metrics)
        rows.append((f"paper: {model} (ImageNet-1k, 224 px, its weights)", *cells))
        owners.append(None)
    report.table(("model", *(one.title for one in metrics.values())), rows, models=owners)
    report.text(" · ".join(f"{one.title}: {one.source}" for one in metrics.values()) + ". All in percent.")
    report.text(
        "Below each number its 95 % interval: Wilson's for an accuracy; for what is summed over corruptions the normal "
        "one over photographs, all corruptions of one photograph together."
    )


def _by_corruption(report: Report, summary: Sequence[Entry], suite: str, colours: ColourMap) -> None:
    entries = [entry for entry in summary if entry["metric"] == f"error_{suite}"]
    if not entries:
        return
    report.heading(f"{SUITES[suite].title}: top-1 error by corruption, %")
    models = list(dict.fromkeys(entry["model"] for entry in entries))
    names = list(dict.fromkeys(entry["corruption"] for entry in entries))
    means = {(e["model"], e["corruption"]): e for e in entries if "severity" not in e}
    rows = [(name, *(with_interval(means.get((model, name)), 2, " to ") for model in models)) for name in names]
    report.table(("corruption, mean over severities", *models), rows)
    at = {(e["model"], e["corruption"], e["severity"]): e["value"] for e in entries if "severity" in e}
    for model in models:
        grid = [[at.get((model, name, severity)) for severity in SEVERITIES] for name in names]
        title = f"{model}: top-1 error, %"
        report.figure(
            heat_map(grid, rows=names, columns=[str(s) for s in SEVERITIES], title=title, x="severity", colours=colours)
        )


def _checks(report: Report, run: Run) -> None:
    checks = run.facts.get("attack_checks", [])
    if not checks:
        return
    report.heading("Is the attack to be believed?")
    rows = [(one["model"], one["name"], "yes" if one["passed"] else "NO", one["seen"]) for one in checks]
    report.table(("model", "check", "holds", "seen"), rows, models=[one["model"] for one in checks])
    report.text(f"On the first {checks[0]['images']} attacked images of this run.")
