"""The report of a segmentation run: tables, curves, the best and worst images, every number with the rows behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.drawing import (
    FN_COLOUR,
    FP_COLOUR,
    TP_COLOUR,
    css_colour,
    error_overlay,
    heat_overlay,
    mask_overlay,
)
from analysis.engine import Item
from analysis.evaluations.ends import Drawn, best_and_worst
from analysis.evaluations.grouping import Entry
from analysis.evaluations.report_parts import (
    Values,
    entries_by_key,
    entry_key,
    measured,
    part_name,
    tell_conditions,
    tell_failures,
    with_interval,
)
from analysis.evaluations.segmentation_summary import Group, groups
from analysis.evaluations.table import EVALUATIONS
from analysis.figures import Line, line_chart
from analysis.metrics.segmentation import CURVE_THRESHOLDS, cut_map
from analysis.metrics.table import Metric
from analysis.placed_map import PlacedMap
from analysis.reports import Card, Cell, Report
from analysis.runs import Run
from analysis.saliency import MapKey

if TYPE_CHECKING:
    from analysis.evaluations.segmentation import Segmentation

PAPER = (
    ("RVT*", 39.92, 49.41, 3.95),
    ("VARS-S", 43.33, 23.11, 12.08),
    ("VARS-D", 42.03, 25.23, 11.77),
    ("VARS-SD", 44.15, 29.28, 8.76),
)
"""Table 4: model, mIoU, FP, FN in percent, on VOC2012 val with the paper's weights."""


def build_report(run: Run, evaluation: Segmentation, summary: Sequence[Entry]) -> str:
    """The page as HTML. Every number is taken from the stored rows, and the maps it shows were kept with them."""
    values, keys = entries_by_key(summary), evaluation.keys(summary)
    chosen: list[Group] = []
    every: list[tuple[dict[str, Any], int]] = []
    for group in groups(run):  # one at a time: a group holds the curves of all its images
        every.append((group.name, group.degenerate))
        if group.is_among(keys):
            chosen.append(group)
    report = Report("Segmentation: maps as masks")
    _provenance(report, run, evaluation)
    _headline_table(report, chosen, values)
    _threshold_curves(report, evaluation, chosen)
    _iterate_curves(report, summary, keys, [group.model for group in chosen])
    ends = best_and_worst(run, evaluation, chosen, keys, Group.image_iou, partial(_drawn, evaluation.threshold))
    for group, best, worst in ends:
        _show(report, group, best, worst)
    _all_groups(report, every, values)
    _rows_behind(report, run, chosen)
    return report.html()


def _provenance(report: Report, run: Run, evaluation: Segmentation) -> None:
    facts = run.facts
    data = facts.get("data", {})
    report.text(f"Command: {facts['command']}")
    report.text(
        f"Data: {data.get('folder')}, {data.get('samples')} images listed, names' SHA-256 {data.get('names_sha256')}. "
        f"Foreground where a map, scaled to [0, 1] by its own range, reaches {evaluation.threshold}; void pixels count "
        "nowhere; predictions are resized to the ground truth. IoU is pooled over all pixels, FP and FN are fractions "
        "of all non-void pixels; all in percent, with 95 % bootstrap intervals over images."
    )
    tell_conditions(report, facts)
    tell_failures(report, run, data.get("samples"))


def _headline_table(report: Report, chosen: Sequence[Group], values: Values) -> None:
    report.heading("Table 4")
    metrics = measured(values, _metrics(), [group.name for group in chosen])
    owners: list[str | None] = [group.model for group in chosen]
    rows = [(group.title, *(_cell(values, group.name, metric) for metric in metrics)) for group in chosen]
    for model, iou, fp, fn in PAPER:
        known = {"iou_pooled": iou, "fp": fp, "fn": fn}
        numbers = (Cell(f"{known[metric]:.2f}") if metric in known else None for metric in metrics)
        rows.append((f"paper: {model} (VOC2012 val, the paper's weights)", *numbers))
    columns = ("model, layer, readout, iterate", *(_title(metric) for metric in metrics))
    report.table(columns, rows, models=[*owners, *(None for _ in PAPER)])
    report.text(
        "Oracles have seen the ground truth: they are upper bounds, not results. The sums behind each line, over the "
        "rows in rows/*.parquet that carry its model, layer, readout and iteration:"
    )
    sums = [
        (
            group.title,
            *(int(counts.sum()) for counts in (group.tp, group.fp, group.fn, group.void)),
            len(group.ids),
            group.degenerate,
            group.best_threshold(),
        )
        for group in chosen
    ]
    columns = ("model, layer, readout, iterate", "Σ tp", "Σ fp", "Σ fn", "Σ void", "images", "degenerate maps")
    report.table((*columns, "best threshold (oracle)"), sums, models=owners)


def _threshold_curves(report: Report, evaluation: Segmentation, chosen: Sequence[Group]) -> None:
    report.heading("IoU against threshold")
    at = int(np.argmin(np.abs(CURVE_THRESHOLDS - evaluation.threshold)))
    lines = [Line(g.title, g.model, CURVE_THRESHOLDS, 100 * g.iou_curve(), at, dashed=g.layer is None) for g in chosen]
    title = f"Pooled IoU against the threshold (marked: {CURVE_THRESHOLDS[at]:g})"
    report.figure(line_chart(lines, title=title, x="threshold", y="IoU, %"))


def _iterate_curves(
    report: Report, summary: Sequence[Entry], keys: Mapping[str, MapKey], models: Sequence[str]
) -> None:
    """Each model's first-table layer and readout at every iterate, one chart per metric.

    ``models``: all that the report shows, for their colours.
    """
    if not keys:
        return
    report.heading("Per iterate")
    for metric in ("iou_pooled", "fp", "fn"):
        lines = []
        for model, key in keys.items():
            coordinates = (model, key.layer, key.readout, metric)
            steps = [e for e in summary if (e["model"], e["layer"], e["readout"], e["metric"]) == coordinates]
            x, y = [step["iteration"] for step in steps], [step["value"] for step in steps]
            low, high = ([step["ci95"][end] for step in steps] for end in (0, 1))
            lines.append(Line(f"{model} {key.layer} {key.readout}", model, x, y, low=low, high=high, points=True))
        title = f"{_title(metric)} per iterate (0: the solver's start)"
        unit = f"{_title(metric)}, %"
        report.figure(line_chart(lines, title=title, x="iterate", y=unit, whole=True, models=models))


def _show(report: Report, group: Group, best: Sequence[Card], worst: Sequence[Card]) -> None:
    report.heading(f"{group.title}: best and worst images", model=group.model)
    report.legend(
        [
            (css_colour(TP_COLOUR), "true positive"),
            (css_colour(FP_COLOUR), "false positive"),
            (css_colour(FN_COLOUR), "false negative"),
        ]
    )
    for title, cards in (("Best", best), ("Worst, worst first", worst)):
        report.gallery(title, cards, folded=group.layer is None)


def _drawn(threshold: float, item: Item, shown: PlacedMap, group: Group, place: int) -> Drawn:
    mask = cut_map(shown, threshold)
    pictures = (
        ("map", heat_overlay(item.image, shown.unit)),
        ("mask", mask_overlay(item.image, mask)),
        ("errors", error_overlay(item.image, mask, item.target)),
    )
    counts = f"TP {int(group.tp[place])}, FP {int(group.fp[place])}, FN {int(group.fn[place])}"
    return pictures, f"IoU {100 * group.image_iou()[place]:.2f}, {counts}"


def _metrics() -> Mapping[str, Metric]:
    return EVALUATIONS["segmentation"].metrics


def _title(metric: str) -> str:
    return _metrics()[metric].title


def _all_groups(report: Report, every: Sequence[tuple[dict[str, Any], int]], values: Values) -> None:
    report.heading("Everything measured")
    metrics = measured(values, _metrics(), [name for name, _ in every])
    rows = [(*name.values(), *(_cell(values, name, metric) for metric in metrics), count) for name, count in every]
    columns = ("model", "layer", "readout", "iterate", *(_title(metric) for metric in metrics), "degenerate")
    report.table(columns, rows, models=[name["model"] for name, _ in every], folded=f"{len(rows)} lines")


def _rows_behind(report: Report, run: Run, chosen: Sequence[Group]) -> None:
    report.heading("The rows behind the first table")
    columns = ("part", "position", "image", "model", "IoU", "TP", "FP", "FN", "void")
    for group in chosen:
        ratios = 100 * group.image_iou()
        rows = [
            (
                part_name(run, int(group.positions[i])),
                int(group.positions[i]),
                group.ids[i],
                group.model,
                float(ratios[i]),
                *(int(counts[i]) for counts in (group.tp, group.fp, group.fn, group.void)),
            )
            for i in range(len(group.ids))
        ]
        report.table(columns, rows, models=[group.model] * len(rows), folded=f"{group.title}: {len(rows)} images")


def _cell(values: Values, name: Mapping[str, Any], metric: str) -> Cell | None:
    return with_interval(values.get(entry_key(name, metric)), 2, " – ")
