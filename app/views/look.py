"""How maps are looked at: which one of a trace, and how it is coloured. Nothing here needs a model run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from analysis.colour_maps import DEFAULT
from analysis.painting import Limits, Painting, painting
from analysis.token_drawing import SMOOTH
from app.inference.traced import Traced, check_readout
from vars_core.errors import InputError, check_range
from vars_core.readings import DEFAULT_READOUT
from vars_core.readouts import READOUTS

SCALES = ("map", "shared")

LAST = -1
"""As an iterate: the last one, whatever its number."""


@dataclass(frozen=True)
class Look:
    """``layer`` None or one that the model lacks: the model's default. ``t`` past the last iterate: the last one.

    ``scale`` "map": each map by its own minimum and maximum; "shared": one scale for all maps that are shown.
    ``colours`` and ``tokens``: names in `analysis.colour_maps` and `analysis.token_drawing`.
    """

    layer: str | None = None
    readout: str = DEFAULT_READOUT
    t: int = 0
    opacity: float = 0.6
    scale: str = "map"
    colours: str = DEFAULT.name
    tokens: str = SMOOTH.name

    def __post_init__(self) -> None:
        check_readout(self.readout)
        if self.t != LAST:
            check_range("an iterate", self.t, 0)
        check_range("an opacity", self.opacity, 0, 1)
        if self.scale not in SCALES:
            raise InputError(f"unknown colour scale {self.scale!r}: expected {' or '.join(SCALES)}")
        painting(self.colours, self.tokens)

    @property
    def painting(self) -> Painting:
        """How its maps are painted over their pictures."""
        return painting(self.colours, self.tokens, self.opacity)

    @property
    def signed(self) -> bool:
        """Whether its maps lie about zero."""
        return READOUTS[self.readout].signed

    def limits(self, maps: Sequence[np.ndarray]) -> Limits | None:
        """The ends of the colour scale that some maps share; None where each has its own."""
        return shared_limits(maps) if self.scale == "shared" else None

    @property
    def settings(self) -> dict[str, object]:
        """As they stand in a link and in the settings file."""
        return asdict(self)


def shared_limits(maps: Sequence[np.ndarray]) -> Limits:
    """The lowest and the highest value of several maps."""
    return min(float(one.min()) for one in maps), max(float(one.max()) for one in maps)


def look(*, t: float, **values: Any) -> Look:
    """From the values of the page's controls, by the names of `Look`: a slider hands on a float."""
    return Look(t=int(t), **values)


def exact(look: Look, results: Sequence[Traced]) -> Look:
    """The look, where every model has its layer and one of them its iterate; ``t`` `LAST` becomes the last iterate.

    Raises InputError otherwise: a script that asks for what is not there is told, and gets no other map for it.
    """
    with_maps = [result for result in results if result.layers]
    for result in with_maps if look.layer is not None else ():
        result.layer(look.layer or "")
    last = max((result.shown(look.layer).num_steps for result in with_maps), default=0)
    if look.t == LAST:
        return replace(look, t=last)
    check_range("an iterate", look.t, 0, last)
    return look
