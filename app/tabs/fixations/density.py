"""Where people looked, as a map: the fixations of a photograph, each blurred by one degree of visual angle."""

from __future__ import annotations

import html

import numpy as np

from analysis.colour_maps import DEFAULT, ColourMap
from analysis.drawing import data_uri, heat_overlay
from analysis.metrics.fixations.density import fixation_density
from analysis.painting import scaled
from analysis.placed_map import points_on
from app.library.fixation_points import Points
from app.library.photographs import Photograph


def density(photograph: Photograph, points: Points) -> np.ndarray | None:
    """The density on the photograph as shown, float64 (h, w) summing to 1.

    None where nobody knows how many pixels a degree has (clicks, a visitor's table), or no fixation lies inside.
    """
    height, width = photograph.display.shape[:2]
    across, down = width / photograph.width, height / photograph.height
    inside, _ = points_on(points.xs * across, points.ys * down, height, width)
    if points.sigma is None or not len(inside):
        return None
    return fixation_density(inside, (height, width), points.sigma * (across * down) ** 0.5)


def title(points: Points) -> str:
    """What the picture is called, with its blur."""
    return f"Where people looked, blurred by σ = {points.sigma:g} px"


def drawn(photograph: Photograph, values: np.ndarray, opacity: float, colours: ColourMap) -> np.ndarray:
    """The density over the photograph, uint8 (h, w, 3), in the colours of the map."""
    return heat_overlay(photograph.display, scaled(values, signed=False), opacity, colours)


def words(photograph: Photograph, points: Points, colours: ColourMap = DEFAULT, opacity: float = 0.6) -> str:
    """HTML: the picture, and what it is made of; "" where there is none."""
    values = density(photograph, points)
    if values is None:
        return ""
    picture = drawn(photograph, values, opacity, colours)
    count = len(points_on(points.xs, points.ys, photograph.height, photograph.width)[0])
    said = (
        f"{count} fixations, each blurred by σ = {points.sigma:g} pixels of the photograph, one degree of visual "
        f"angle. Colours: {colours.title}, from this picture's own minimum to its maximum."
    )
    height, width = picture.shape[:2]
    return (
        f'<figure style="--ratio: {width / height:.4f}"><img src="{data_uri(picture)}" '
        f'alt="the blurred fixations over the photograph"><figcaption><strong>Where people looked</strong> '
        f"{html.escape(said)}</figcaption></figure>"
    )
