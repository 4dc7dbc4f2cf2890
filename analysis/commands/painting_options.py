"""The options of commands that draw maps, and of those whose reports do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from analysis.colour_maps import DEFAULT, SEQUENTIAL
from analysis.painting import Painting, painting
from analysis.token_drawing import SMOOTH, TOKEN_DRAWINGS
from vars_core.training.options import option


@dataclass(frozen=True, kw_only=True)
class Coloured:
    """In which colours maps are drawn."""

    colour_map: str = option(
        f"{', '.join(SEQUENTIAL)}. Maps with a sign are blue below zero and vermilion above.",
        DEFAULT.name,
        choices=SEQUENTIAL,
    )

    @property
    def told_colours(self) -> dict[str, str]:
        """What a run says of its report: it decides no row, so a run may be continued under another."""
        return {"colour_map": self.colour_map}


@dataclass(frozen=True, kw_only=True)
class Painted(Coloured):
    """How maps are painted over their photographs."""

    tokens: str = option(
        "smooth: interpolated between tokens; squares: each token as it is.", SMOOTH.name, choices=tuple(TOKEN_DRAWINGS)
    )

    @cached_property
    def painting(self) -> Painting:
        """By these names."""
        return painting(self.colour_map, self.tokens)
