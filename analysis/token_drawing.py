"""The two ways to draw a map of tokens over its photograph, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vars_core.errors import InputError
from vars_core.image_size import height_and_width
from vars_core.images import Placement


@dataclass(frozen=True)
class TokenDrawing:
    """``place`` lays a map (h, w) of the model's input on the source: float32 (height, width) of the placement."""

    name: str
    title: str
    words: str
    place: Callable[[Placement, np.ndarray], np.ndarray]


def squares(placement: Placement, values: np.ndarray) -> np.ndarray:
    """Every pixel of the source has the value of the token that it lies in; beyond the tokens that of the nearest."""
    left, top, right, bottom = placement.box
    seen, covered = height_and_width(placement.size), height_and_width(placement.covered)
    rows = token_at(placement.height, top, bottom, values.shape[0] * seen[0] / covered[0], values.shape[0])
    columns = token_at(placement.width, left, right, values.shape[1] * seen[1] / covered[1], values.shape[1])
    return np.asarray(values, dtype=np.float32)[rows[:, None], columns]


def token_at(length: int, start: float, end: float, spread: float, count: int) -> np.ndarray:
    """The token at each of ``length`` pixels, int (length,): the model's input lies on [start, end], ``spread`` tokens'
    widths long, of which the first ``count`` are there.
    """
    places = np.floor((np.arange(length) + 0.5 - start) / (end - start) * spread)
    return np.clip(places, 0, count - 1).astype(np.intp)


TOKEN_DRAWINGS: dict[str, TokenDrawing] = {
    one.name: one
    for one in (
        TokenDrawing(
            "smooth",
            title="smooth",
            words="Between the middles of two tokens maps are interpolated, as they are measured.",
            place=Placement.to_source,
        ),
        TokenDrawing(
            "squares",
            title="as they are",
            words="Each token is one square of one colour: nothing is made up between two.",
            place=squares,
        ),
    )
}

SMOOTH = TOKEN_DRAWINGS["smooth"]
"""The usual one."""


def token_drawing(name: str) -> TokenDrawing:
    """A way to draw by its name. Raises InputError for any other."""
    if name not in TOKEN_DRAWINGS:
        raise InputError(f"expected tokens as {' or '.join(TOKEN_DRAWINGS)}, got {name[:40]!r}")
    return TOKEN_DRAWINGS[name]
