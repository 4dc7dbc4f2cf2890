"""What is shown of an ablation run: figure 6, tables against T and against λ, charts; all from the summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analysis.ablation import Point, Setting
from analysis.evaluations.ablation_summary import SETTING, SHOWN
from analysis.evaluations.grouping import Entry
from analysis.evaluations.report_parts import report_of, with_interval
from analysis.figures import Line, line_chart
from analysis.markdown import table as markdown_table
from analysis.metrics.table import METRICS, Metric
from analysis.paper_figures.ablation import Axis, axes, plot
from analysis.paper_figures.canvas import Canvas
from analysis.provenance import conditions
from analysis.reports import Cell
from analysis.runs import Run

SAME_WEIGHTS = (
    "Each curve is of one set of weights, trained under the setting marked there and not trained again: it says how "
    "far these weights depend on T and λ, not what training under another would give."
)
START = "T = 0 is the solver's start decoded, z = P u₀: no step is taken."


def points_of(summary: Sequence[Entry]) -> list[Point]:
    """The summary as points of curves, metric by metric; what has no setting (attention, baselines) with None."""
    return [
        Point(e["model"], setting_of(e), e["metric"], e["value"], bool(e.get("trained")))
        for metric in SHOWN
        for e in summary
        if e["metric"] == metric and e["value"] is not None and is_shown(e, summary)
    ]


def setting_of(entry: Entry) -> Setting | None:
    """The setting that an entry names; None for one of a model without a solver, or of a baseline."""
    t, factor = (entry.get(name) for name in SETTING[:2])
    return None if t is None or factor is None else Setting(t, factor)


def is_shown(entry: Entry, summary: Sequence[Entry]) -> bool:
    """Whether an entry names its setting, or is a baseline's: every model's own setting stands there once without."""
    return SETTING[0] in entry or not any(SETTING[0] in other for other in summary if other["model"] == entry["model"])


def figure_of(run: Run, summary: Sequence[Entry]) -> Canvas:
    """Figure 6 of a run."""
    return plot("Figure 6. Steps and sparsity", points_of(summary), trained_settings(run), [SAME_WEIGHTS, *where(run)])


def trained_settings(run: Run) -> dict[str, Setting | None]:
    """Model → the setting it was trained under, None for one without a solver."""
    settings = {}
    for model, facts in run.facts["models"].items():
        settings[model] = Setting(**facts["settings"][0]) if facts["settings"] else None
    return settings


def where(run: Run) -> list[str]:
    """Data, weights, maps: what the numbers belong to."""
    counts = ", ".join(f"{count} {kind}" for kind, count in run.facts["data"]["kinds"].items())
    maps = {f"{f['layer']}, {f['readout']}" for f in run.facts["models"].values()}
    degrees = ", ".join(str(severity) for severity in run.facts["settings"]["severities"])
    ways = f"{len(run.facts['settings']['names'])} corruptions, severity {degrees}"
    return [f"{counts}; {ways}; maps: layer {' / '.join(sorted(maps))}, last iterate.", *conditions(run.facts)[1:]]


def build_report(run: Run, images: int, summary: Sequence[Entry]) -> str:
    """The page as HTML: a chart and a table a metric and axis. ``images``: how many there were to score."""
    lines = [" ".join((SAME_WEIGHTS, START)), *where(run)]
    report = report_of(run, "Steps and sparsity", lines, images)
    points, trained = points_of(summary), trained_settings(run)
    for metric in metrics_in(summary):
        report.heading(metric.title)
        report.text(f"{metric.source}.")
        for axis in axes(points, trained):
            report.figure(chart(points, metric, axis))
    for axis in axes(points, trained):
        report.heading(f"Against {axis.name}")
        rows = list(table(summary, axis))
        titles = ("model", axis.symbol, *(f"{m.title}{f', {m.unit}' if m.unit else ''}" for m in metrics_in(summary)))
        report.table(titles, [cells for _, cells in rows], models=[model for model, _ in rows])
    return report.html()


def metrics_in(summary: Sequence[Entry]) -> list[Metric]:
    """Those of a summary, in its order."""
    present = {entry["metric"] for entry in summary}
    return [METRICS[name] for name in SHOWN if name in present]


def chart(points: Sequence[Point], metric: Metric, axis: Axis) -> Any:
    """One metric against one axis: a line a model."""
    lines = []
    for model, curve in axis.curves([point for point in points if point.metric == metric.name]).items():
        flat = curve[0][0] is None  # what has no setting is a level to compare with
        xs = [axis.ticks[0], axis.ticks[-1]] if flat else [x for x, _ in curve if x is not None]
        ys = [curve[0][1]] * 2 if flat else [y for _, y in curve]
        lines.append(Line(model, model, xs, ys, dashed=flat, points=not flat))
    unit = f" ({metric.unit})" if metric.unit else ""
    return line_chart(lines, title=f"{metric.title} against {axis.name}", x=axis.name, y=metric.title + unit)


def table(summary: Sequence[Entry], axis: Axis) -> Iterator[tuple[str, list[Any]]]:
    """(model, cells) of a table against one axis: the model, its place on the axis, every metric."""
    metrics = metrics_in(summary)
    models = list(dict.fromkeys(entry["model"] for entry in summary))
    for model in models:
        own: dict[tuple[float | None, bool], dict[str, Entry]] = {}
        for entry in summary:
            setting = setting_of(entry)
            if entry["model"] == model and is_shown(entry, summary) and axis.shows(model, setting):
                place = None if setting is None else axis.at(setting)
                own.setdefault((place, bool(entry.get("trained"))), {})[entry["metric"]] = entry
        for (place, trained), entries in sorted(own.items(), key=lambda one: (one[0][0] or 0, one[0][1])):
            at = "–" if place is None else f"{place:g}{' (trained)' if trained else ''}"
            yield model, [model, at, *(cell(entries.get(m.name), m) for m in metrics)]


def cell(entry: Entry | None, metric: Metric) -> Cell | None:
    """A value, with its interval where it has one."""
    if entry is None or entry["value"] is None:
        return None
    if entry["ci95"] is None:
        return Cell(f"{entry['value']:.{metric.digits}f}", title=f"{entry['value']!r}, n = {entry['n']}")
    return with_interval(entry, metric.digits, " to ")


def markdown(run: Run, summary: Sequence[Entry]) -> Iterator[str]:
    """The tables as Markdown, under the sentences that say what they are of."""
    metrics = metrics_in(summary)
    yield f"{SAME_WEIGHTS} {START}\n"
    for line in (*conditions(run.facts)[:1], *where(run)):
        yield f"- {line}"
    for axis in axes(points_of(summary), trained_settings(run)):
        yield f"\n## Against {axis.name}\n"
        heads = [f"{m.title}{f', {m.unit}' if m.unit else ''}" for m in metrics]
        rows = []
        for _, (model, at, *cells) in table(summary, axis):
            bold = "**" if "trained" in at else ""
            texts = ("–" if one is None else f"{one.text}{f' [{one.note}]' if one.note else ''}" for one in cells)
            rows.append((model, f"{bold}{at}{bold}", *texts))
        yield from markdown_table(("model", axis.symbol, *heads), rows, left=2)
    yield "\nIn brackets the 95 % interval over images. " + " · ".join(f"{m.title}: {m.source}" for m in metrics) + "."
