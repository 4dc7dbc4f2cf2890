"""The Fixations tab: what it says of a map and of the points on it."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures import Line
from analysis.figures_page import small_chart, z_histogram
from analysis.metrics.fixations.one_map import Z_EDGES
from app.inference.models import title
from app.inference.traced import Traced
from app.library.fixation_points import Points
from app.library.photographs import Subject
from app.tabs.fixations.scores import Scores
from app.views import payload
from app.views.numbers import written

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

NO_POINTS = (
    "Click on the photograph where somebody would look (by keyboard: arrow keys and Enter on it). Scores appear with "
    "the first point."
)
TABLE = "CSV or Parquet, columns x and y in pixels of the shown photograph, and observer where known."
MEANING = (
    "The number at a point is its z-value: how many standard deviations the map lies above its mean there. White "
    "points lie above the mean, black ones below. NSS: the mean of these, 0 by chance. AUC-Judd: how often a fixation "
    "lies on a higher value than a pixel that nobody fixated, ½ by chance. The centre Gaussian has seen no image: a "
    "map that does not beat it says no more than “people look at the middle”."
)
SHOWN = 5
"""Points that are named where something is wrong with many."""


def view(subject: Subject, traced: Traced) -> dict[str, Any]:
    """The payload of the viewer; ``source``: (height, width) of the photograph, which points are in pixels of."""
    if not traced.layers:
        return payload.viewer(
            [], words=f"{title(traced.model.name)} has no attention layers: there is no map to score."
        )
    photograph = subject.photograph
    alt = f"{photograph.title}, {photograph.width}×{photograph.height} pixels; click to place fixations"
    panel = payload.panel(subject.display, traced, alt=alt)
    return payload.viewer([panel], source=[photograph.height, photograph.width])


def score_words(traced: Traced, iteration: int, points: Points, scores: Scores | None) -> str:
    """HTML: the table of scores, model beside centre (and humans, where there are several), and what it rests on."""
    if scores is None:
        if points.points:
            return f'<p class="notice">{outside_sentence(points, np.zeros(len(points.points), dtype=bool))}</p>'
        return f'<p class="fine">{html.escape(NO_POINTS)}</p>{notices(points, None)}'
    name = html.escape(f"{title(traced.model.name)}, t = {iteration}")
    rows = [
        _row("map", name, scores.map.nss, scores.map.auc),
        _row("centre", "Centre Gaussian (no image seen)", scores.centre.nss, scores.centre.auc),
    ]
    if scores.human is not None:
        rows.append(_row("human", f"Humans, one observer left out (σ = {points.sigma:g} px)", scores.human, None))
    table = (
        '<table class="measures"><thead><tr><th></th><th scope="col">NSS</th><th scope="col">AUC-Judd</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    return (
        f'{table}<p class="fine">{html.escape(verdict(scores))} {html.escape(counted(points, scores))}</p>'
        + notices(points, scores)
    )


def verdict(scores: Scores) -> str:
    """The map against the floor, in a sentence."""
    if scores.map.degenerate:
        return "This map is constant: it prefers no place (NSS 0, AUC ½)."
    gap = scores.map.nss - scores.centre.nss
    if abs(gap) < 0.005:
        return "The map predicts these fixations as well as the centre Gaussian."
    return f"By NSS the map predicts these fixations {'better' if gap > 0 else 'worse'} than the centre Gaussian."


def counted(points: Points, scores: Scores) -> str:
    """ "3 fixations, each counts."."""
    count = int(scores.kept.sum())
    observers = len({name for name in points.observers[scores.kept] if name})
    whose = f" of {observers} observers" if observers > 1 else ""
    return f"{count} fixation{'s' if count != 1 else ''}{whose} counted."


def notices(points: Points, scores: Scores | None) -> str:
    """HTML: what was left out."""
    sentences = [html.escape(note) for note in points.notes]
    if scores is not None and not scores.kept.all():
        sentences.append(outside_sentence(points, scores.kept))
    return "".join(f'<p class="notice">{sentence}</p>' for sentence in sentences)


def outside_sentence(points: Points, kept: np.ndarray) -> str:
    """HTML: fixations outside the photograph, counted and named."""
    outside = np.flatnonzero(~kept)
    named = ", ".join(f"{i + 1} at ({points.points[i][0]:g}, {points.points[i][1]:g})" for i in outside[:SHOWN])
    more = f" and {len(outside) - SHOWN} more" if len(outside) > SHOWN else ""
    verb = "lies" if len(outside) == 1 else "lie"
    return f"{len(outside)} of {len(kept)} fixations {verb} outside the photograph and do not count: {named}{more}."


def point_words(points: Points, scores: Scores | None) -> str:
    """HTML: every point with its z-value in the map and in the centre Gaussian."""
    if scores is None:
        return ""
    z, centre = by_point(scores, scores.map.z), by_point(scores, scores.centre.z)
    named = any(name for _, _, name in points.points)
    rows = "".join(
        f"<tr><td>{i + 1}</td><td>{x:.1f}</td><td>{y:.1f}</td>"
        + (f"<td>{html.escape(observer)}</td>" if named else "")
        + f"<td>{written(z[i])}</td><td>{written(centre[i])}</td></tr>"
        for i, (x, y, observer) in enumerate(points.points)
    )
    heads = ["", "x", "y", *(["observer"] if named else []), "z", "z centre"]
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    table = f'<table class="measures"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="scrolled" tabindex="0" role="group" aria-label="All fixations">{table}</div>'


def labels(scores: Scores | None) -> str:
    """JSON for the viewer: z of each point, null outside the frame; "" where nothing is scored."""
    if scores is None:
        return ""
    z = by_point(scores, scores.map.z)
    return json.dumps([None if np.isnan(value) else round(float(value), 3) for value in z])


def by_point(scores: Scores, values: np.ndarray) -> np.ndarray:
    """Values of the kept points, NaN at the others: (n,)."""
    spread = np.full(len(scores.kept), np.nan)
    spread[scores.kept] = values
    return spread


def figures(traced: Traced, scores: Scores) -> tuple[Figure, Figure]:
    """z at fixations against everywhere, and NSS per iterate beside the centre's."""
    steps = np.arange(len(scores.by_iterate))
    wide = np.array([-0.5, 0.5]) if len(steps) == 1 else steps
    name = title(traced.model.name)
    curve = small_chart(
        [
            Line(name, "map", steps, scores.by_iterate),
            Line("centre Gaussian", "centre", wide, np.full(len(wide), scores.centre.nss), dashed=True),
        ],
        title="NSS per iterate",
        x="iterate t",
        whole=True,
    )
    return z_histogram(Z_EDGES, scores.map.everywhere, scores.map.z, title="z at fixations against everywhere"), curve


def _row(key: str, name: str, nss: float, auc: float | None) -> str:
    cells = f'<td data-score="{key}-nss">{written(nss)}</td><td data-score="{key}-auc">{written(auc)}</td>'
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'
