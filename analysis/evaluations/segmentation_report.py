"""The report of a segmentation run: tables, curves, the best and worst images, every number with the rows behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from analysis.colour_maps import ColourMap
from analysis.drawing import (
    FN_COLOUR,
    FP_COLOUR,
    TP_COLOUR,
    css_colour,
    error_overlay,
    map_overlay,
    mask_overlay,
)
from analysis.engine import Item
from analysis.evaluations.ends import Drawn, best_and_worst
from analysis.evaluations.grouping import Entry
from analysis.evaluations.maps import MapEvaluation
from analysis.evaluations.report_parts import MapTables, colours_of, report_of, tell_colours
from analysis.evaluations.segmentation_summary import Group, groups
from analysis.figures import Line, line_chart
from analysis.metrics.segmentation import CURVE_THRESHOLDS, cut_map
from analysis.placed_map import PlacedMap
from analysis.reports import Card, Report
from analysis.runs import Run
from analysis.saliency import MapKey

PAPER = (
    ("RVT*", 39.92, 49.41, 3.95),
    ("VARS-S", 43.33, 23.11, 12.08),
    ("VARS-D", 42.03, 25.23, 11.77),
    ("VARS-SD", 44.15, 29.28, 8.76),
)
"""Table 4: model, mIoU, FP, FN in percent, on VOC2012 val with the paper's weights."""


def build_report(run: Run, evaluation: MapEvaluation, threshold: float, summary: Sequence[Entry]) -> str:
    """The page as HTML. Every number is taken from the stored rows, and the maps it shows were kept with them.

    ``threshold``: of the run's masks.
    """
    keys = evaluation.keys(summary)
    chosen: list[Group] = []
    every: list[tuple[list[Any], dict[str, Any], int]] = []
    for group in groups(run):  # one at a time: a group holds the curves of all its images
        every.append((list(group.name.values()), group.name, group.degenerate))
        if group.is_among(keys):
            chosen.append(group)
    data = run.facts.get("data", {})
    seen = (
        f"Data: {data.get('folder')}, {data.get('samples')} images listed, names' SHA-256 {data.get('names_sha256')}. "
        f"Foreground where a map, scaled to [0, 1] by its own range, reaches {threshold}; void pixels count "
        "nowhere; predictions are resized to the ground truth. IoU is pooled over all pixels, FP and FN are fractions "
        "of all non-void pixels; all in percent, with 95 % bootstrap intervals over images."
    )
    report = report_of(run, "Segmentation: maps as masks", [seen], data.get("samples"))
    tables = MapTables(report, run, "segmentation", summary, 2, " – ")
    _headline_table(tables, chosen)
    _threshold_curves(report, threshold, chosen)
    _iterate_curves(tables, summary, keys, [group.model for group in chosen])
    colours = colours_of(run)
    tell_colours(report, colours)
    ends = best_and_worst(run, evaluation, chosen, keys, Group.image_iou, partial(_drawn, threshold, colours))
    for group, best, worst in ends:
        _show(report, group, best, worst)
    tables.everything(("model", "layer", "readout", "iterate"), every)
    report.heading("The rows behind the first table")
    for group in chosen:
        counts = zip(group.tp, group.fp, group.fn, group.void, strict=True)
        ratios = (100 * group.image_iou()).tolist()
        numbers = ((ratio, *map(int, of_image)) for ratio, of_image in zip(ratios, counts, strict=True))
        tables.rows_behind(group, ("IoU", "TP", "FP", "FN", "void"), numbers)
    return report.html()


def _headline_table(tables: MapTables, chosen: Sequence[Group]) -> None:
    report = tables.report
    report.heading("Table 4")
    paper = {
        f"paper: {model} (VOC2012 val, the paper's weights)": dict(
            zip(("iou_pooled", "fp", "fn"), (f"{number:.2f}" for number in numbers), strict=True)
        )
        for model, *numbers in PAPER
    }
    tables.first("model, layer, readout, iterate", chosen, paper)
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
    report.table((*columns, "best threshold (oracle)"), sums, models=[group.model for group in chosen])


def _threshold_curves(report: Report, threshold: float, chosen: Sequence[Group]) -> None:
    report.heading("IoU against threshold")
    at = int(np.argmin(np.abs(CURVE_THRESHOLDS - threshold)))
    lines = [Line(g.title, g.model, CURVE_THRESHOLDS, 100 * g.iou_curve(), at, dashed=g.layer is None) for g in chosen]
    title = f"Pooled IoU against the threshold (marked: {CURVE_THRESHOLDS[at]:g})"
    report.figure(line_chart(lines, title=title, x="threshold", y="IoU, %"))


def _iterate_curves(
    tables: MapTables, summary: Sequence[Entry], keys: Mapping[str, MapKey], models: Sequence[str]
) -> None:
    """Each model's first-table layer and readout at every iterate, one chart per metric.

    ``models``: all that the report shows, for their colours.
    """
    if not keys:
        return
    tables.report.heading("Per iterate")
    for metric in ("iou_pooled", "fp", "fn"):
        lines = []
        for model, key in keys.items():
            coordinates = (model, key.layer, key.readout, metric)
            steps = [e for e in summary if (e["model"], e["layer"], e["readout"], e["metric"]) == coordinates]
            x, y = [step["iteration"] for step in steps], [step["value"] for step in steps]
            low, high = ([step["ci95"][end] for step in steps] for end in (0, 1))
            lines.append(Line(f"{model} {key.layer} {key.readout}", model, x, y, low=low, high=high, points=True))
        (name,) = tables.titles([metric])
        title = f"{name} per iterate (0: the solver's start)"
        chart = line_chart(lines, title=title, x="iterate", y=f"{name}, %", whole=True, models=models)
        tables.report.figure(chart)


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


def _drawn(threshold: float, colours: ColourMap, item: Item, shown: PlacedMap, group: Group, place: int) -> Drawn:
    mask = cut_map(shown, threshold)
    pictures = (
        ("map", map_overlay(item.image, shown, signed=group.signed, colours=colours)),
        ("mask", mask_overlay(item.image, mask)),
        ("errors", error_overlay(item.image, mask, item.target)),
    )
    counts = f"TP {int(group.tp[place])}, FP {int(group.fp[place])}, FN {int(group.fn[place])}"
    return pictures, f"IoU {100 * group.image_iou()[place]:.2f}, {counts}"
