"""What a visitor takes along from the Fixations tab, and what the endpoint answers: map and centre, with the points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from analysis.baselines import centre_gaussian
from analysis.drawing import draw_points, heat_overlay
from analysis.metrics.fixations.one_map import Z_EDGES
from analysis.painting import scaled
from analysis.paper_figures.column import colour_bar, pictures_figure
from analysis.placed_map import points_on
from app.inference.models import title
from app.inference.traced import Traced
from app.library.fixation_points import Points
from app.library.photographs import Photograph, Subject
from app.tabs.fixations import density
from app.tabs.fixations.scores import Scores, score
from app.tabs.fixations.words import by_point
from app.views.exports import Export, described
from app.views.grids import drawn
from app.views.look import Look, shared_limits
from app.views.weights import figure_words


def export(subject: Subject, traced: Traced, look: Look, points: Points, first: str = "usual") -> Export:
    """The map at the iterate looked at beside the centre Gaussian and, where it is known, the density of fixations,
    all with the points, and all that was measured.

    ``first``: which of the recorded fixations these are, for the settings.
    """
    shown = traced.shown(look.layer)
    step, photograph = min(look.t, shown.num_steps), subject.photograph
    raw = list(shown.maps[look.readout])
    scores = score(photograph.height, photograph.width, traced, shown.name, look.readout, step, points)
    limits = look.limits(raw)
    centre = centre_gaussian(*subject.display.shape[:2])
    pictures = [
        drawn(subject, traced, raw[step], limits, look, signed=look.signed),
        heat_overlay(subject.display, scaled(centre, signed=False), look.opacity, look.painting.colours),
    ]
    captions = [f"{title(traced.model.name)}, t = {step}", "Centre Gaussian (no image seen)"]
    if scores is not None:
        measured = zip(captions, (scores.map, scores.centre), strict=True)
        captions = [f"{name}:  NSS {one.nss:.3f} · AUC-Judd {one.auc:.3f}" for name, one in measured]
    people = density.density(photograph, points)
    if people is not None:
        pictures.append(density.drawn(photograph, people, look.opacity, look.painting.colours))
        captions.append(density.title(points))
    drawing = pictures_figure(
        [dotted(picture, photograph, points) for picture in pictures],
        captions,
        columns=len(pictures),
        title=f"{title(traced.model.name)} · layer {shown.name} · {look.readout} · "
        f"{0 if scores is None else scores.kept.sum()} fixations",
        footer=ceiling(scores) + figure_words(traced.model),
        bars=[colour_bar(look.painting.of(look.signed), limits or shared_limits([raw[step]]), "the model's map")],
    )
    view = {**replace(look, layer=shown.name, t=step).settings, "first": first}
    settings = described([subject], [traced.model], view)
    numbers = arrays(subject, raw, step, points, scores) | ({} if people is None else {"density": people})
    return Export(drawing, subject.display.shape[1], numbers, {**settings, **facts(points, scores)})


def facts(points: Points, scores: Scores | None) -> dict[str, Any]:
    """The scores in plain numbers; "scores" is None where no fixation lies inside the photograph."""
    z, centre = (None, None) if scores is None else (by_point(scores, one.z) for one in (scores.map, scores.centre))
    return {
        "fixations": {
            "given": len(points.points),
            "counted": 0 if scores is None else int(scores.kept.sum()),
            "sigma": points.sigma,
            "notes": list(points.notes),
        },
        "scores": None
        if scores is None
        else {
            "nss": scores.map.nss,
            "auc_judd": scores.map.auc,
            "degenerate": scores.map.degenerate,
            "nss_by_iterate": scores.by_iterate.tolist(),
            "centre": {"nss": scores.centre.nss, "auc_judd": scores.centre.auc},
            "human_nss": scores.human,
        },
        "points": [
            {"x": x, "y": y, "observer": observer, "z": number(z, i), "z_centre": number(centre, i)}
            for i, (x, y, observer) in enumerate(points.points)
        ],
    }


def arrays(
    subject: Subject, raw: list[np.ndarray], step: int, points: Points, scores: Scores | None
) -> dict[str, np.ndarray]:
    """The maps, the points, and what was measured at them."""
    made = {
        "map": raw[step],
        "iterates": np.stack(raw),
        "picture": subject.display,
        "xs": points.xs,
        "ys": points.ys,
        "observers": points.observers.astype(str),
    }
    if scores is None:
        return made
    return {
        **made,
        "z": by_point(scores, scores.map.z),
        "z_centre": by_point(scores, scores.centre.z),
        "nss_by_iterate": scores.by_iterate,
        "histogram_edges": Z_EDGES,
        "histogram_everywhere": scores.map.everywhere,
    }


def dotted(picture: np.ndarray, photograph: Photograph, points: Points) -> np.ndarray:
    """A copy of the picture with the points that lie on it."""
    height, width = picture.shape[:2]
    across, down = width / photograph.width, height / photograph.height
    return draw_points(picture, points_on(points.xs * across, points.ys * down, height, width)[0])


def ceiling(scores: Scores | None) -> str:
    """The footer's words about people."""
    return "" if scores is None or scores.human is None else f"Humans, one observer left out: NSS {scores.human:.3f}. "


def number(values: np.ndarray | None, i: int) -> float | None:
    """One value for JSON, which has no NaN."""
    return None if values is None or np.isnan(values[i]) else float(values[i])
