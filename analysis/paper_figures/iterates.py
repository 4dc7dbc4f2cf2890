"""A layer's iterates on one photograph: as a figure for a column, and one after another as frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from analysis.colour_maps import ColourMap
from analysis.painting import Limits, Painting
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.column import WIDTH, Bar, colour_bar, in_rows, pictures_figure
from vars_core.images import Placement

FRAME_WIDTH = 720
"""Pixels of a frame, an even number, as films need."""


@dataclass(frozen=True)
class Iterates:
    """What is shown of them.

    ``photograph`` and ``drawn`` (the maps over it, in order from t = 0): uint8 (h, w, 3) of one size.
    ``limits``: the values at the ends of each map's colour scale; ``shared``: they are the same for all.
    """

    photograph: np.ndarray = field(repr=False)
    drawn: Sequence[np.ndarray] = field(repr=False)
    limits: Sequence[Limits]
    shared: bool
    colours: ColourMap
    title: str
    footer: str

    def figure(self, chosen: int | None = None) -> Canvas:
        """The photograph, then all iterates in order, the chosen one in a frame, and what the colours mean."""
        return pictures_figure(
            [self.photograph, *self.drawn],
            ["photograph", *(self._caption(t) for t in range(len(self.drawn)))],
            columns=in_rows(1 + len(self.drawn)),
            title=self.title,
            footer=self.footer,
            bars=[self._bar],
            chosen=None if chosen is None else chosen + 1,
        )

    def frames(self, width: int = FRAME_WIDTH) -> list[np.ndarray]:
        """The photograph beside its map, a frame an iterate; nothing is made up between two: uint8 (H, width, 3)."""
        drawings = [
            pictures_figure(
                [self.photograph, one],
                ["photograph", self._caption(t)],
                columns=2,
                title=self.title,
                footer=self.footer,
                bars=[self._bar],
            )
            for t, one in enumerate(self.drawn)
        ]
        return frames_of(drawings, width)

    @property
    def _bar(self) -> Bar:
        return colour_bar(self.colours, self.limits[0] if self.shared else None)

    def _caption(self, t: int) -> str:
        low, high = (f"{value:.2g}".replace("-", "−") for value in self.limits[t])
        return f"t = {t}" if self.shared else f"t = {t}\n{low} to {high}"


def iterates(
    photograph: np.ndarray,
    maps: np.ndarray,
    placement: Placement,
    painting: Painting,
    *,
    signed: bool,
    title: str,
    footer: str,
    shared: bool = False,
) -> Iterates:
    """Of maps (T+1, h, w) that ``placement`` lays on a photograph uint8 (H, W, 3); ``signed``: they lie about zero."""
    every = (float(maps.min()), float(maps.max()))
    return Iterates(
        photograph,
        [painting.over(photograph, one, placement, signed=signed, limits=every if shared else None) for one in maps],
        [every if shared else (float(one.min()), float(one.max())) for one in maps],
        shared,
        painting.of(signed),
        title,
        footer,
    )


def frames_of(drawings: Sequence[Canvas], width: int = FRAME_WIDTH) -> list[np.ndarray]:
    """Drawings in pixels, ``width`` wide and as high as the highest, an even number: uint8 (H, width, 3) each."""
    scale = width / WIDTH
    height = 2 * round(max(drawing.height for drawing in drawings) * scale / 2)
    drawn = [np.asarray(drawing.pixels(scale))[:height, :width] for drawing in drawings]
    return [
        np.pad(one, ((0, height - one.shape[0]), (0, width - one.shape[1]), (0, 0)), constant_values=255)
        for one in drawn
    ]
