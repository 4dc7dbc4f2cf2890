"""The figures that can be drawn, by their number in the paper."""

from __future__ import annotations

from collections.abc import Callable

from analysis.paper_figures.ablation import figure_6
from analysis.paper_figures.atoms import atoms_of
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.diagrams import figure_1, figure_2
from analysis.paper_figures.maps import FEW, MANY, beside_fixations, iterates, under_corruption
from analysis.paper_figures.studio import Studio

FIGURES: dict[int, Callable[[Studio], Canvas]] = {
    1: figure_1,
    2: figure_2,
    3: lambda studio: under_corruption(studio, "Figure 3. Maps under corruption", FEW, 4),
    4: lambda studio: beside_fixations(studio, "Figure 4. Maps beside human fixations", 4),
    5: lambda studio: iterates(studio, "Figure 5. Attention emerges over the iterates", studio.with_dictionary[:1], 4),
    6: figure_6,
    7: lambda studio: iterates(studio, "Figure 7. Iterates of every model", studio.with_dictionary, 4),
    8: lambda studio: atoms_of(studio, 8, "vars_s", "Kernels of VARS-S", 2),
    9: lambda studio: atoms_of(studio, 9, "vars_d", "Atoms of VARS-D", 6),
    10: lambda studio: atoms_of(studio, 10, "vars_sd", "Atoms of VARS-SD, dynamic and learned", 4),
    11: lambda studio: under_corruption(
        studio, "Figure 11. Maps under corruption, more kinds and photographs", MANY, 8
    ),
    12: lambda studio: beside_fixations(studio, "Figure 12. Maps beside human fixations, more photographs", 12),
}

WITH_FIXATIONS = (4, 12)
"""Those that need people's fixations."""
