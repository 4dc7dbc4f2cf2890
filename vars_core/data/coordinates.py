"""Whether the coordinates of fixations can be pixels of their images, judged by what the values can mean (SPEC §7).

Pixels of an image spread over it. Values that nearly all lie within the first two pixels are fractions of its sides;
values that mostly lie outside, or inside once x and y are exchanged, are of another unit, origin or order. Such data
would be scored without a word, and wrongly, so they are refused; what is merely unusual is noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vars_core.data.fixations import Fixations, FixationSet, Stimulus, in_frame
from vars_core.data.notes import Note
from vars_core.decoding import picture_size
from vars_core.errors import InputError

FRACTIONS = 0.8
"""Share of points within two pixels of the corner (and not on whole numbers) from which on they are fractions."""
SMALLEST_SIDE = 16
"""Images of fewer pixels a side may well be looked at within two pixels."""
ENOUGH = 3
"""Coordinates on an image from which on it is judged by itself."""
MOSTLY = 0.5
"""Share of points inside their images below which they are of another unit or origin."""
EXCHANGED = (0.9, 0.1)
"""Share inside with x and y exchanged, and its gain over the share as given, from which on they are exchanged."""
CORNER = 0.55
"""Where all points lie within this part of both sides they may belong to a smaller version of the images."""
MANY = 20
"""Coordinates from which on the reach of all of them says something."""
LONGEST_FIXATION = 10.0
"""Seconds: a median above it is one of milliseconds."""

Size = tuple[int, int]
"""(height, width)."""


@dataclass(frozen=True)
class Coordinates:
    """Fixations on one image of a known size, those with a number in both coordinates; n of them, float64 (n,)."""

    name: str
    xs: np.ndarray
    ys: np.ndarray
    size: Size

    @staticmethod
    def of(name: str, xs: np.ndarray, ys: np.ndarray, size: Size) -> Coordinates:
        """Without those that lack a number."""
        known = np.isfinite(xs) & np.isfinite(ys)
        return Coordinates(name, xs[known], ys[known], size)

    def inside(self) -> int:
        """How many lie in the image."""
        return _inside(self.xs, self.ys, self.size)

    def inside_exchanged(self) -> int:
        """How many would with x and y exchanged."""
        return _inside(self.ys, self.xs, self.size)

    def are_fractions(self) -> bool:
        """Whether they can hardly be anything but fractions of the image's sides, a few beyond 1 or below 0."""
        there = (self.xs != 0) | (self.ys != 0)  # (0, 0) is what trackers write when they see no eye
        xs, ys = self.xs[there], self.ys[there]
        if min(self.size) < SMALLEST_SIDE or not len(xs):
            return False
        near = (np.abs(xs - 0.5) <= 1.5) & (np.abs(ys - 0.5) <= 1.5)
        whole = (xs == np.round(xs)) & (ys == np.round(ys))
        return bool(near.mean() >= FRACTIONS and not whole[near].all())


def check(points: Sequence[Coordinates]) -> None:
    """Raise InputError unless the points of a set can be pixels of their images."""
    known = [one for one in points if len(one.xs)]
    if not known:
        raise InputError("expected numbers in x and y, not one of the fixations has both")
    count, inside = sum(len(one.xs) for one in known), sum(one.inside() for one in known)
    height, width = known[0].size
    of = f"pixels of {'this image' if len(known) == 1 else 'images'} of {width}×{height}"
    fractions = [one for one in known if one.are_fractions()]
    if len(fractions) == len(known) or any(len(one.xs) >= ENOUGH for one in fractions):
        where = "" if len(known) == 1 else f" on {len(fractions)} of {len(known)} images ({fractions[0].name}, …)"
        raise InputError(f"expected fixations in {of}, got fractions of its sides{where}: {reach(fractions)}")
    if not inside:
        where = "all lie outside" if len(known) == 1 else "not one lies inside its image"
        raise InputError(f"expected fixations in {of}, {where}: {reach(known)}")
    exchanged = sum(one.inside_exchanged() for one in known)
    if count >= MANY and exchanged >= EXCHANGED[0] * count and exchanged - inside >= EXCHANGED[1] * count:
        raise InputError(
            f"expected x before y: {inside} of {count} fixations lie inside their images, and {exchanged} would with x "
            "and y exchanged"
        )
    if count >= ENOUGH and inside < MOSTLY * count:
        raise InputError(
            f"expected fixations in {of}, only {inside} of {count} lie inside: another unit or origin; {reach(known)}"
        )


def reach(points: Iterable[Coordinates]) -> str:
    """The range of coordinates in words."""
    xs, ys = (np.concatenate([getattr(one, axis) for one in points]) for axis in ("xs", "ys"))
    return f"x lies between {xs.min():g} and {xs.max():g}, y between {ys.min():g} and {ys.max():g}"


def look_at_images(fixations: FixationSet) -> tuple[dict[str, Size], FixationSet]:
    """(height, width) of every readable image, and the data set with notes on fixations that cannot be used.

    Raises InputError: the coordinates cannot be pixels of these images (`check`).
    """
    sizes: dict[str, Size] = {}
    unreadable: list[str] = []
    points: list[Coordinates] = []
    for stimulus in fixations.stimuli:
        try:
            sizes[stimulus.id] = picture_size(stimulus.path, min_side=2)
        except InputError as error:
            unreadable.append(str(error))
            continue
        points.append(Coordinates.of(stimulus.id, stimulus.fixations.xs, stimulus.fixations.ys, sizes[stimulus.id]))
    if any(len(one.xs) for one in points) or (points and fixations.count):
        check(points)
    outside = {one.name: len(one.xs) - one.inside() for one in points}
    each = {stimulus.id: stimulus.fixations for stimulus in fixations.stimuli}
    lacking = {name: int((~(np.isfinite(one.xs) & np.isfinite(one.ys))).sum()) for name, one in each.items()}
    mostly = [one.name for one in points if len(one.xs) > ENOUGH and 0 < one.inside() < MOSTLY * len(one.xs)]
    corner = {one.name: int(((one.xs == 0) & (one.ys == 0)).sum()) for one in points}
    disordered = [s.id for s in fixations.stimuli if _is_disordered(s.fixations)]
    notes = [
        Note(f"{sum(outside.values())} fixations dropped outside their image; images", _counted(outside)),
        Note(f"{sum(lacking.values())} fixations dropped without a number; images", _counted(lacking)),
        Note("images with most of their fixations outside", tuple(mostly)),
        Note(f"{sum(corner.values())} fixations at exactly (0, 0), which count; images", _counted(corner)),
        Note("images with fixations that are not listed in the order of time", tuple(disordered)),
        Note("images skipped without a fixation inside them", tuple(one.name for one in points if not one.inside())),
        Note("images that cannot be read", tuple(unreadable), fault=True),
    ]
    said = (*fixations.assumptions, *_assumed(fixations.stimuli, points))
    said_of = tuple(note for note in notes if note.names)
    return sizes, replace(fixations, notes=(*fixations.notes, *said_of), assumptions=said)


def _assumed(stimuli: Sequence[Stimulus], points: Sequence[Coordinates]) -> list[str]:
    known = [one for one in points if len(one.xs)]
    count, inside = sum(len(one.xs) for one in known), sum(one.inside() for one in known)
    if not count:
        return []
    said = [f"coordinates are pixels, from 0: {inside / count:.1%} of {count} lie inside their images, {reach(known)}"]
    furthest = [
        max(float((getattr(one, axis) / one.size[side]).max()) for one in known)
        for axis, side in (("xs", 1), ("ys", 0))
    ]
    if count >= MANY and max(furthest) < CORNER:
        said.append(
            f"images were shown as large as they are stored, although no fixation lies beyond {furthest[0]:.0%} of a "
            f"width and {furthest[1]:.0%} of a height"
        )
    durations = np.concatenate([stimulus.fixations.duration_s for stimulus in stimuli])
    durations = durations[np.isfinite(durations)]
    if len(durations) and np.median(durations) > LONGEST_FIXATION:
        said.append(
            f"durations are seconds, although half are above {np.median(durations):g}, as milliseconds would be"
        )
    return said


def _is_disordered(fixations: Fixations) -> bool:
    """Whether some observer's starts are known and do not rise."""
    known = np.isfinite(fixations.start_s)
    order = np.argsort(fixations.observers[known], kind="stable")
    starts, observers = fixations.start_s[known][order], fixations.observers[known][order]
    return bool(np.any((np.diff(starts) < 0) & (np.diff(observers) == 0)))


def _inside(xs: np.ndarray, ys: np.ndarray, size: Size) -> int:
    return int(in_frame(xs, ys, *size).sum())


def _counted(numbers: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"{name} ×{number}" for name, number in numbers.items() if number)
