"""The options of commands that draw maps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from analysis.colour_maps import DEFAULT, SEQUENTIAL
from analysis.painting import Painting, painting
from analysis.token_drawing import SMOOTH, TOKEN_DRAWINGS
from vars_core.training.options import option


@dataclass(frozen=True, kw_only=True)
class Painted:
    """How maps are painted over their photographs."""

    colour_map: str = option(
        f"{', '.join(SEQUENTIAL)}. Maps with a sign are blue below zero and vermilion above.",
        DEFAULT.name,
        choices=SEQUENTIAL,
    )
    tokens: str = option(
        "smooth: interpolated between tokens; squares: each token as it is.", SMOOTH.name, choices=tuple(TOKEN_DRAWINGS)
    )

    @cached_property
    def painting(self) -> Painting:
        """By these names."""
        return painting(self.colour_map, self.tokens)
