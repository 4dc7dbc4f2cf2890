"""A map against fixations, live: NSS and AUC-Judd in float64 at the photograph's size (SPEC §7), without the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.metrics.fixations.one_map import MapScore, human_nss, score_map
from analysis.placed_map import PlacedStack, centre_map, points_on
from analysis.source_factors import source_factors
from app.inference.traced import Traced
from app.library.fixation_points import Points


@dataclass(frozen=True, eq=False)
class Scores:
    """What the tab shows.

    ``kept``: bool, which of the given points lie inside the frame; ``map.z`` and ``centre.z`` belong to those. ``map``,
    ``centre``: the model's map at the chosen iterate, and the centre Gaussian. ``by_iterate``: NSS of every iterate,
    (T+1,). ``human``: leave-one-observer-out NSS, None with fewer than two observers.
    """

    kept: np.ndarray
    map: MapScore
    centre: MapScore
    by_iterate: np.ndarray
    human: float | None


def score(
    height: int, width: int, traced: Traced, layer: str, readout: str, iteration: int, points: Points
) -> Scores | None:
    """Score one map of a traced photograph of height × width; None without a fixation inside the frame.

    Raises InputError: no such layer or readout.
    """
    iteration = min(iteration, traced.layer(layer).num_steps)
    traced.map(layer, readout, iteration)  # checks the names
    inside, kept = points_on(points.xs, points.ys, height, width)
    if not len(inside):
        return None
    factors = source_factors(traced.model.placement(height, width), traced.layer(layer).grid)
    iterates = PlacedStack.of(traced.layer(layer).maps[readout], factors)
    degree = points.sigma
    return Scores(
        kept=kept,
        map=score_map(iterates[iteration], inside),
        centre=score_map(centre_map(height, width), inside),
        by_iterate=np.array([one.z_at(inside).mean() for one in iterates]),
        human=None if degree is None else human_nss(inside, points.observers[kept], (height, width), degree),
    )
