"""The report of a fixation run: models between their floors and the human ceiling, every number with its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from analysis.colour_maps import ColourMap
from analysis.drawing import draw_points, heat_overlay, map_overlay
from analysis.engine import Item
from analysis.evaluations.ends import Drawn, best_and_worst
from analysis.evaluations.fixation_summary import Group, groups
from analysis.evaluations.grouping import Entry
from analysis.evaluations.maps import MapEvaluation
from analysis.evaluations.report_parts import MapTables, colours_of, tell_colours, tell_conditions, tell_failures
from analysis.figures import Line, line_chart
from analysis.map_sources import BASELINE_CENTRE, BASELINE_CROSSVAL, HUMAN
from analysis.placed_map import PlacedMap
from analysis.reports import Report
from analysis.runs import Run
from analysis.saliency import MapKey, normalise_map

ORDER = {BASELINE_CENTRE: 0, BASELINE_CROSSVAL: 1, HUMAN: 3}
"""Floors first, the ceiling last, models between them."""

PAPER = (("RVT* (self)", "0.502"), ("VARS-S", "0.732 or 0.737"), ("VARS-D", "0.632"), ("VARS-SD", "0.678"))
"""Table 5: NSS on MIT1003 with the paper's weights; VARS-S is typeset ambiguously."""


def build_report(
    run: Run, evaluation: MapEvaluation, sigma: float, observers: Sequence[str], summary: Sequence[Entry]
) -> str:
    """The page as HTML. Every number is taken from the stored rows, and the maps it shows were kept with them.

    ``sigma``: pixels of one degree of visual angle.
    """
    keys = evaluation.keys(summary)
    every = sorted(groups(run), key=lambda group: ORDER.get(group.model, 2))
    chosen = [group for group in every if not group.blur and group.is_among(keys)]
    report = Report("Eye fixations: maps between floor and ceiling")
    _provenance(report, run, sigma, len(evaluation.samples))
    tables = MapTables(report, run, "fixations", summary, 3, " to ")
    _headline_table(tables, chosen)
    _iterates(tables, every, chosen, keys)
    _blurs(tables, every, keys)
    _observers(report, observers, chosen)
    report.heading("Best and worst images")
    colours = colours_of(run)
    tell_colours(report, colours)
    shown = [group for group in chosen if group.model != HUMAN]
    drawn = partial(_drawn, colours)
    for group, best, worst in best_and_worst(run, evaluation, shown, keys, lambda one: one.scores["nss"], drawn):
        for end, cards in (("best", best), ("worst", worst)):
            report.gallery(f"{group.title}: {end} images", cards, folded=group.layer is None)
    places = ("model", "layer", "readout", "iterate", "blur")
    tables.everything(places, [(_place(one), one.name, one.degenerate) for one in every])
    _rows_behind(tables, chosen)
    return report.html()


def _provenance(report: Report, run: Run, sigma: float, images: int) -> None:
    facts = run.facts
    data, settings = facts.get("data", {}), facts.get("settings", {})
    report.text(f"Command: {facts['command']}")
    first = "each observer's first fixation dropped" if settings.get("drop_first") else "no fixation dropped as first"
    report.text(
        f"Data: {data.get('folder')} ({data.get('layout')}), {data.get('images_present')} of "
        f"{data.get('images_listed')} listed images, {len(data.get('observers', []))} observers, "
        f"{data.get('fixations')} fixations, {first}; SHA-256 of the fixations {data.get('fixations_sha256')}. "
        f"One degree of visual angle: {sigma:g} px."
    )
    tell_conditions(report, facts)
    for note in data.get("notes", []):
        report.text(f"{note['what']}: {note['count']}.", kind="warning")
        report.table(("name",), [(name,) for name in note["names"]], folded=f"{note['count']} names")
    tell_failures(report, run, images)


def _headline_table(tables: MapTables, chosen: Sequence[Group]) -> None:
    report = tables.report
    report.heading("Between floor and ceiling")
    paper = {f"paper: {model} (MIT1003, its weights)": {"nss": score} for model, score in PAPER}
    metrics = tables.first("model", chosen, paper)
    report.text(
        "Below each number its 95 % bootstrap interval over images. baseline:centre is the centre Gaussian, "
        "baseline:crossval the blurred fixations on all other images, human the others' blurred fixations at those of "
        "the observer left out, mean over observers and then images (for CC, SIM and KL: one half of the observers "
        "against the other). A map that does not beat the floors has not been shown to find anything."
    )
    report.text(" · ".join(f"{tables.metrics[m].title}: {tables.metrics[m].source}" for m in metrics) + ".")
    if any(metric in ("sim", "kl", "ig") for metric in metrics):
        report.text("A map's density is the map, min-max normalised, over its sum, mixed with 1 % uniform.")
    report.text(
        "The sums behind each line, over the rows in rows/*.parquet with its model, layer, readout and iteration, "
        "and blur 0:"
    )
    sums = [(g.title, len(g.ids), int(g.fixations.sum()), float(g.nss_sums.sum()), g.degenerate) for g in chosen]
    report.table(
        ("model", "images", "Σ fixations", "Σ nss_sum", "degenerate maps"), sums, models=[g.model for g in chosen]
    )


def _iterates(tables: MapTables, every: Sequence[Group], chosen: Sequence[Group], keys: Mapping[str, MapKey]) -> None:
    curves: dict[str, list[Group]] = {}
    for group in every:
        key = keys.get(group.model)
        if key is not None and (key.layer, key.readout) == (group.layer, group.readout) and not group.blur:
            curves.setdefault(group.model, []).append(group)
    if not curves:
        return
    tables.report.heading("NSS per iterate")
    last = max(group.iteration or 0 for steps in curves.values() for group in steps)
    lines = []
    for model, steps in curves.items():
        entries = [tables.entry(step, "nss") for step in steps]
        low, high = ([entry["ci95"][end] for entry in entries] for end in (0, 1))
        name = f"{model} {steps[0].layer} {steps[0].readout}"
        x, y = [step.iteration or 0 for step in steps], [entry["value"] for entry in entries]
        lines.append(Line(name, model, x, y, low=low, high=high, points=True))
    for group in chosen:
        if group.model in ORDER:
            level = tables.entry(group, "nss")["value"]
            lines.append(Line(group.model, group.model, [0, max(last, 1)], [level, level], dashed=True))
    title = "NSS per iterate (0: the solver's start)"
    tables.report.figure(line_chart(lines, title=title, x="iterate", y="NSS", whole=True))


def _blurs(tables: MapTables, every: Sequence[Group], keys: Mapping[str, MapKey]) -> None:
    curves: dict[str, list[Group]] = {}
    for group in every:
        if group.model in keys and group.is_among(keys):
            curves.setdefault(group.model, []).append(group)
    if not any(len(steps) > 1 for steps in curves.values()):
        return
    tables.report.heading("NSS against blur")
    lines = []
    for model, steps in curves.items():
        scores = [tables.entry(step, "nss")["value"] for step in steps]
        lines.append(Line(model, model, [step.blur for step in steps], scores, points=True))
    tables.report.figure(line_chart(lines, title="NSS of the blurred map", x="σ of the blur, px", y="NSS"))


def _observers(report: Report, observers: Sequence[str], chosen: Sequence[Group]) -> None:
    report.heading("Per observer")
    by_observer = [group.observer_nss() for group in chosen]
    counts = [group.observer_fixations.sum(axis=0) for group in chosen if group.model == BASELINE_CENTRE]
    rows = [
        (
            name,
            int(counts[0][index]) if counts else None,
            *(None if np.isnan(scores[index]) else float(scores[index]) for scores in by_observer),
        )
        for index, name in enumerate(observers)
    ]
    report.table(("observer", "fixations", *(group.title for group in chosen)), rows)
    report.text("NSS at each observer's own fixations, mean over them; human: in the others' map.")


def _drawn(colours: ColourMap, item: Item, shown: PlacedMap, group: Group, place: int) -> Drawn:
    people, _ = normalise_map(item.target.density)
    over = map_overlay(item.image, shown, signed=group.signed, colours=colours)
    pictures = (
        ("map and fixations", draw_points(over, item.target.points)),
        ("where people looked", heat_overlay(item.image, people, colours=colours)),
    )
    return pictures, f"NSS {group.scores['nss'][place]:.3f} over {int(group.fixations[place])} fixations"


def _place(group: Group) -> Sequence[Any]:
    return group.model, group.layer, group.readout, group.iteration, group.blur


def _rows_behind(tables: MapTables, chosen: Sequence[Group]) -> None:
    tables.report.heading("The rows behind the first table")
    for group in chosen:
        metrics = [metric for metric in tables.metrics if metric in group.scores]
        numbers = (
            (
                int(group.fixations[i]),
                float(group.nss_sums[i]),
                *(None if np.isnan(group.scores[m][i]) else float(group.scores[m][i]) for m in metrics),
            )
            for i in range(len(group.ids))
        )
        tables.rows_behind(group, ("fixations", "Σ NSS", *tables.titles(metrics)), numbers)
