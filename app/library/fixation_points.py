"""Where somebody looked at the shown photograph: the points, however they came, and how they travel."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vars_core.data import coordinates
from vars_core.errors import InputError

MAX_POINTS = 1000
"""Fixations on one photograph. Data sets have about 100 to 150."""

MAX_LINKED = 50
"""Points that a link may name; tabs/fixations/script.js writes no more."""

MAX_NAME = 40
"""Characters of an observer's name that are kept."""


@dataclass(frozen=True)
class Points:
    """Fixations on the photograph ``ref``.

    ``points``: (x, y, observer) each, pixels of the photograph, 0-based, finite; observer "" where none is named.
    ``sigma``: pixels of one degree of visual angle; None for clicks alone, which come from no screen. ``notes``:
    sentences about what was left out, plain text. ``recorded``: these are the photograph's own, untouched; so a link
    need not name them.
    """

    ref: str
    points: tuple[tuple[float, float, str], ...] = ()
    sigma: float | None = None
    notes: tuple[str, ...] = ()
    recorded: bool = False

    @property
    def xs(self) -> np.ndarray:
        return np.array([x for x, _, _ in self.points], dtype=np.float64)

    @property
    def ys(self) -> np.ndarray:
        return np.array([y for _, y, _ in self.points], dtype=np.float64)

    @property
    def observers(self) -> np.ndarray:
        return np.array([name for _, _, name in self.points], dtype=object)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Points:
        """What the page keeps; "" for none. Raises InputError for what it never writes."""
        if not text:
            return Points("")
        try:
            given = json.loads(text)
            points = tuple((float(x), float(y), str(observer)) for x, y, observer in given["points"])
            sigma = given.get("sigma")
            notes = tuple(str(note) for note in given.get("notes", ()))
            degree = None if sigma is None else float(sigma)
            made = Points(str(given["ref"]), points, degree, notes, given.get("recorded") is True)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise InputError("expected fixations as a JSON object with ref and points of [x, y, observer]") from None
        if made.sigma is not None and not 0 < made.sigma < 10_000:
            raise InputError(f"expected a degree of visual angle of 0 to 10000 pixels, got {made.sigma:g}")
        return _bounded(_finite(made))

    @staticmethod
    def from_link(ref: str, text: str) -> Points:
        """ "120,80.5 300,90" -> two points; "none" -> no point. Raises InputError."""
        pairs = [] if text == "none" else [pair.split(",") for pair in text.split()]
        try:
            points = tuple((float(x), float(y), "you") for x, y in pairs)
        except ValueError:
            raise InputError(f"expected points in the link as x,y x,y, got {text[:40]!r}") from None
        if len(points) > MAX_LINKED:
            raise InputError(f"expected at most {MAX_LINKED} points in a link, got {len(points)}")
        return _finite(Points(ref, points))


def listed_points(ref: str, xs: Any, ys: Any, height: int, width: int) -> Points:
    """Two lists of coordinates, as a script sends them, on a photograph of height × width. Raises InputError."""
    if not (isinstance(xs, list) and isinstance(ys, list) and len(xs) == len(ys)):
        raise InputError("expected xs and ys as two lists of numbers of the same length")
    numbers = [np.array([_number(value) for value in values], dtype=np.float64) for values in (xs, ys)]
    return on_photograph(finite_points(ref, numbers[0], numbers[1], [""] * len(xs), None), height, width)


def finite_points(ref: str, xs: np.ndarray, ys: np.ndarray, observers: list[str], sigma: float | None) -> Points:
    """Points of columns (n,); rows without a number are left out, and a note counts them."""
    known = np.isfinite(xs) & np.isfinite(ys)
    points = tuple((float(xs[i]), float(ys[i]), observers[i][:MAX_NAME]) for i in np.flatnonzero(known))
    lost = int((~known).sum())
    notes = (f"{lost} of {len(xs)} fixations have no number in x or y and are left out.",) if lost else ()
    return _bounded(Points(ref, points, sigma, notes))


def on_photograph(points: Points, height: int, width: int) -> Points:
    """The same points, after a look that they can be meant for a photograph of height × width. Raises InputError."""
    if not points.points:
        raise InputError("expected fixations, there is not one with a number in x and in y")
    coordinates.check([coordinates.Coordinates.of("this photograph", points.xs, points.ys, (height, width))])
    return points


def _number(value: Any) -> float:
    if value is None:
        return np.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"expected numbers in xs and ys, got {str(value)[:40]!r}")
    return float(value) if abs(value) < 1e300 else np.nan


def _finite(points: Points) -> Points:
    if not np.isfinite([*points.xs, *points.ys]).all():
        raise InputError("expected finite coordinates")
    return points


def _bounded(points: Points) -> Points:
    if len(points.points) > MAX_POINTS:
        raise InputError(f"expected at most {MAX_POINTS} fixations on one photograph, got {len(points.points)}")
    return points
