"""The figures that can be drawn, by their number in the paper."""

from __future__ import annotations

from collections.abc import Callable

from analysis.paper_figures import ablation, atoms, diagrams, maps
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.studio import Studio

FIGURES: dict[int, Callable[[Studio], Canvas]] = {
    1: diagrams.figure_1,
    2: diagrams.figure_2,
    3: maps.figure_3,
    4: maps.figure_4,
    5: maps.figure_5,
    6: ablation.figure_6,
    7: maps.figure_7,
    8: atoms.figure_8,
    9: atoms.figure_9,
    10: atoms.figure_10,
    11: maps.figure_11,
    12: maps.figure_12,
}

WITH_FIXATIONS = (4, 12)
"""Those that need people's fixations."""
