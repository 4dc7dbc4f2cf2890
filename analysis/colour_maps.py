"""The colour maps of every picture of a map, in one table: on the page, in figures, animations and reports.

All are perceptually uniform: a step of the value is the same step of lightness everywhere. The sequential ones are
OpenCV's copies of matplotlib's; the one for signed maps consists of two straight lines in CIELAB.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from vars_core.errors import InputError

LEVELS = 256

CENTRE, BLUE, VERMILION = (96.0, 0.0, 0.0), (42.0, 0.0, -46.0), (42.0, 52.0, 54.0)
"""L*, a*, b* of zero and of both ends of a signed map: both ends are equally dark, and both are colours of a screen."""


@dataclass(frozen=True)
class ColourMap:
    """``signed``: for values in [−1, 1] about zero, else for values in [0, 1]. ``title`` and ``words`` say what it is.

    ``table`` gives its 256 colours from the least to the greatest value, uint8 (256, 3).
    """

    name: str
    title: str
    words: str
    signed: bool
    table: Callable[[], np.ndarray]

    @cached_property
    def colours(self) -> np.ndarray:
        """The table, made once; not to be written to."""
        made = self.table()
        made.setflags(write=False)
        return made

    def paint(self, values: np.ndarray) -> np.ndarray:
        """Values (…) as colours (…, 3) uint8; what lies beyond the ends has the colour of the end."""
        unit = (np.asarray(values) + 1) / 2 if self.signed else np.asarray(values)
        return np.asarray(self.colours[np.rint(np.clip(unit, 0, 1) * (LEVELS - 1)).astype(np.uint8)])

    def bar(self, height: int = 8) -> np.ndarray:
        """All colours from left to right, for a colour bar: uint8 (height, 256, 3)."""
        return self.colours[None].repeat(height, axis=0)


def opencv_table(number: int) -> Callable[[], np.ndarray]:
    """One of OpenCV's tables by its constant."""
    return lambda: np.ascontiguousarray(
        cv2.applyColorMap(np.arange(LEVELS, dtype=np.uint8)[:, None], number)[:, 0, ::-1]
    )


def about_zero_table() -> np.ndarray:
    """From blue over near-white to vermilion, lightness and hue in equal steps on both sides."""
    share = np.linspace(-1, 1, LEVELS)[:, None]
    ends = np.where(share < 0, np.array(BLUE), np.array(VERMILION))
    lab = np.array(CENTRE) + np.abs(share) * (ends - np.array(CENTRE))
    rgb = cv2.cvtColor(lab[None].astype(np.float32), cv2.COLOR_LAB2RGB)[0]
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


COLOUR_MAPS: dict[str, ColourMap] = {
    one.name: one
    for one in (
        ColourMap(
            "viridis",
            title="Viridis",
            words="Violet is the least, yellow the most.",
            signed=False,
            table=opencv_table(cv2.COLORMAP_VIRIDIS),
        ),
        ColourMap(
            "cividis",
            title="Cividis",
            words="Dark blue is the least, yellow the most, also to readers who cannot tell red from green.",
            signed=False,
            table=opencv_table(cv2.COLORMAP_CIVIDIS),
        ),
        ColourMap(
            "inferno",
            title="Inferno",
            words="Black is the least, pale yellow the most: the widest range of lightness, for grey print.",
            signed=False,
            table=opencv_table(cv2.COLORMAP_INFERNO),
        ),
        ColourMap(
            "plasma",
            title="Plasma",
            words="Blue is the least, yellow the most, with magenta between them: no dark end.",
            signed=False,
            table=opencv_table(cv2.COLORMAP_PLASMA),
        ),
        ColourMap(
            "signed",
            title="Blue to vermilion",
            words="Maps with a sign are white at zero, blue below and vermilion above.",
            signed=True,
            table=about_zero_table,
        ),
    )
}

SEQUENTIAL = tuple(name for name, one in COLOUR_MAPS.items() if not one.signed)
"""Those that can be chosen. A signed map always has `SIGNED`, whatever was chosen for the others."""

DEFAULT, SIGNED = COLOUR_MAPS["viridis"], COLOUR_MAPS["signed"]


def sequential(name: str) -> ColourMap:
    """A colour map that can be chosen. Raises InputError for any other name."""
    if name not in SEQUENTIAL:
        raise InputError(f"expected a colour map out of {', '.join(SEQUENTIAL)}, got {name[:40]!r}")
    return COLOUR_MAPS[name]
