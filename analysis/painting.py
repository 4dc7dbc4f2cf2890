"""How maps are painted over photographs: on the page, in figures, sheets and animations alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.colour_maps import DEFAULT, SIGNED, ColourMap, sequential
from analysis.drawing import about_zero, heat_overlay
from analysis.saliency import normalise_map
from analysis.token_drawing import SMOOTH, TokenDrawing, token_drawing
from vars_core.images import Placement

Limits = tuple[float, float]
"""The values at the ends of a colour scale."""


@dataclass(frozen=True)
class Painting:
    """``colours``: of maps without a sign; those with one always have `SIGNED`. ``opacity`` in [0, 1]: of the map."""

    colours: ColourMap = DEFAULT
    tokens: TokenDrawing = SMOOTH
    opacity: float = 0.6

    def over(
        self,
        image: np.ndarray,
        values: np.ndarray,
        placement: Placement,
        *,
        signed: bool = False,
        limits: Limits | None = None,
    ) -> np.ndarray:
        """A layer's map (h, w) over the image (H, W, 3) that ``placement`` lies on: uint8 (H, W, 3).

        ``limits`` None: the scale is the map's own. The scale of a ``signed`` map lies about zero.
        """
        return self.scaled_over(image, scaled(values, signed, limits), placement, signed=signed)

    def scaled_over(
        self, image: np.ndarray, values: np.ndarray, placement: Placement, *, signed: bool = False
    ) -> np.ndarray:
        """The same of a map that is scaled: to [0, 1], or to [−1, 1] where it is ``signed`` or a difference of two."""
        return heat_overlay(image, self.tokens.place(placement, values), self.opacity, self.of(signed))

    def of(self, signed: bool) -> ColourMap:
        """The colour map of a map with or without a sign."""
        return SIGNED if signed else self.colours


USUAL = Painting()


def painting(colour_map: str, tokens: str, opacity: float = 0.6) -> Painting:
    """By the names in the two tables. Raises InputError for others."""
    return Painting(sequential(colour_map), token_drawing(tokens), opacity)


def scaled(values: np.ndarray, signed: bool, limits: Limits | None = None) -> np.ndarray:
    """A map in [0, 1] from the least to the greatest value; a ``signed`` one in [−1, 1], zero staying where it is.

    ``limits``: of a scale that is shared with other maps, None for the map's own. A map that says nothing is all 0.
    """
    if signed:
        return about_zero(values, None if limits is None else peak_of(limits))
    if limits is None:
        return normalise_map(values)[0]
    low, high = limits
    return np.clip((values - low) / (high - low), 0, 1) if high > low else np.zeros_like(values)


def peak_of(limits: Limits) -> float:
    """Where the scale of signed maps with these limits ends on either side."""
    return max(abs(limits[0]), abs(limits[1]))
