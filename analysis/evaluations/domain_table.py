"""The table of a run over domains: models in rows, targets in columns, beside what the paper reports (its table 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.evaluations.grouping import Entry
from analysis.evaluations.report_parts import tell_conditions
from analysis.markdown import table
from analysis.reports import Cell, Report
from analysis.runs import Run

MEAN = "mean"
"""Beside the targets' names: the mean over all of them."""

PAPER = {
    "RVT-Ti* (paper, 224 px)": {"photo": 94.19, "sketch": 81.73, "cartoon": 79.78, "art_painting": 81.25},
    "RVT-Ti/VARS-SD (paper, 224 px)": {"photo": 96.47, "sketch": 82.78, "cartoon": 80.98, "art_painting": 86.08},
}
"""Top-1 in percent, from ImageNet weights (SPEC §9)."""


def domain_report(run: Run, summary: Sequence[Entry], planned: int) -> str:
    """The report of a run as one page. Its bytes follow from the stored rows' scores, not from how they came about."""
    settings = run.facts["settings"]
    report = Report("Domain generalisation")
    report.text(
        f"Fine-tuned on all domains but one and tested on that one; top-1 in percent, mean ± standard error over "
        f"{settings['seeds']} seeds. The weights were chosen by their top-1 on {run.facts['held_out']}; no picture of "
        "the target was seen before the test."
    )
    done = len(_times(run))
    if done < planned:
        report.text(f"{done} of {planned} fine-tunings are done.", kind="warning")
    failed = _failures(run)
    if failed:
        report.text(f"{len(failed)} pictures of the targets could not be read:", kind="warning")
        report.table(("picture", "why"), sorted(failed.items()))
    columns = [*settings["targets"], MEAN]
    for title, key in (("On the target", "value"), ("On the held-out pictures of the sources", "source_top1")):
        report.heading(title)
        rows = [[model, *(_cell(entries.get(column), key) for column in columns)] for model, entries in _by(summary)]
        paper = [] if key != "value" else _paper(columns)
        report.table(
            ("model", *columns), [*rows, *paper], models=[*(str(row[0]) for row in rows), *[None] * len(paper)]
        )
    tell_conditions(report, {**run.facts, "device": run.facts["hardware"]})
    return report.html()


def domain_lines(run: Run, summary: Sequence[Entry]) -> list[str]:
    """The same table in markdown, and below it how long the fine-tunings took."""
    columns = [*run.facts["settings"]["targets"], MEAN]
    rows = []
    for model, entries in _by(summary):
        cells = (_cell(entries.get(column), "value") for column in columns)
        rows.append((model, *("–" if cell is None else cell.text for cell in cells)))
    for model, *values in _paper(columns):
        rows.append((model, *("–" if value is None else f"{value:.2f}" for value in values)))
    times = _times(run)
    wall, processor = (sum(seconds) / 3600 for seconds in zip(*times.values(), strict=True))
    seeds = sorted({entry["seeds"] for entry in summary})
    return [
        *table(("model", *columns), rows, left=len(columns) + 1),
        "",
        f"- top-1 in percent on all pictures of the target; mean ± standard error over {' or '.join(map(str, seeds))} "
        "seeds",
        f"- weights chosen by top-1 on {run.facts['held_out']}",
        f"- {len(times)} fine-tunings in {wall:.2f} hours, {processor:.2f} of them the processor's, on "
        f"{run.facts['hardware']}",
    ]


def _by(summary: Sequence[Entry]) -> list[tuple[str, dict[str, Entry]]]:
    """Model → target → its entry."""
    targets: dict[str, dict[str, Entry]] = {}
    for entry in summary:
        targets.setdefault(entry["model"], {})[entry["target"]] = entry
    return list(targets.items())


def _times(run: Run) -> dict[tuple[str, str, int], tuple[float, float]]:
    """(model, target, seed) of every fine-tuning that is done → its seconds, and the processor's."""
    rows = run.rows(["model", "target", "seed", "seconds", "processor_seconds"]).to_pylist()
    return {(row["model"], row["target"], row["seed"]): (row["seconds"], row["processor_seconds"]) for row in rows}


def _cell(entry: Entry | None, key: str) -> Cell | None:
    if entry is None:
        return None
    error = entry["standard_error"]
    text = f"{entry[key]:.2f}" + (f" ± {error:.2f}" if error is not None and key == "value" else "")
    return Cell(text, title=f"{entry[key]!r}, {entry['n']} pictures, {entry['seeds']} seeds")


def _paper(columns: Sequence[str]) -> list[list[Any]]:
    """The paper's rows where the targets are those of PACS."""
    rows: list[list[Any]] = []
    for name, values in PAPER.items():
        if set(columns) >= values.keys():
            rows.append(
                [name, *((sum(values.values()) / len(values) if c == MEAN else values.get(c)) for c in columns)]
            )
    return rows


def _failures(run: Run) -> dict[str, str]:
    """Picture → why it could not be read."""
    rows = run.rows(["target", "id", "error"]).to_pylist()
    return {f"{row['target']}/{row['id']}": row["error"] for row in rows if row["error"] is not None}
