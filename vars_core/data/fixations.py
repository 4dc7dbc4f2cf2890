"""What every reader of eye-fixation data returns, and how it says what is missing (SPEC §7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from vars_core.data.listing import Listing, NameIndex, list_files, same_file_twice
from vars_core.data.notes import Note, described
from vars_core.errors import InputError


@dataclass(frozen=True)
class Fixations:
    """Fixations of one image, n of them, in the order each observer made them.

    ``xs``, ``ys``: float64 (n,), pixels, 0-based, ``map[y, x]``; NaN where the source held no number.
    ``observers``: int64 (n,), indices into `FixationSet.observers`.
    ``start_s``, ``duration_s``: float64 (n,), seconds from the image's onset; NaN where unknown.
    """

    xs: np.ndarray
    ys: np.ndarray
    observers: np.ndarray
    start_s: np.ndarray
    duration_s: np.ndarray

    def __len__(self) -> int:
        return len(self.xs)

    def keep(self, chosen: np.ndarray) -> Fixations:
        """Those of an index or bool array."""
        return Fixations(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def in_frame(self, height: int, width: int) -> np.ndarray:
        """Bool (n,): 0 ≤ x < width and 0 ≤ y < height; False for NaN."""
        return in_frame(self.xs, self.ys, height, width)

    @staticmethod
    def of(columns: Sequence[Iterable[float]]) -> Fixations:
        """From the five columns in the order of the attributes."""
        xs, ys, observers, start_s, duration_s = columns
        numbers = (np.asarray(list(values), dtype=np.float64) for values in (xs, ys, start_s, duration_s))
        x, y, start, duration = numbers
        return Fixations(x, y, np.asarray(list(observers), dtype=np.int64), start, duration)


@dataclass(frozen=True)
class Stimulus:
    """One image with everybody's fixations on it."""

    id: str
    path: Path
    fixations: Fixations


@dataclass(frozen=True)
class FixationSet:
    """A data set as read.

    ``layout``: the reader's name.
    ``observers``: their names.
    ``stimuli``: the images that are there and are listed, in the order of the list.
    ``listed``: how many images the data list, there or not.
    ``sigma``: pixels of one degree of visual angle.
    ``drops_first``: whether the first fixation of each observer is usually dropped (forced centre).
    ``notes``: what is missing or odd.
    ``assumptions``: what nobody said, in sentences.
    """

    layout: str
    observers: tuple[str, ...]
    stimuli: tuple[Stimulus, ...]
    listed: int
    sigma: float
    drops_first: bool
    notes: tuple[Note, ...] = ()
    assumptions: tuple[str, ...] = ()

    @cached_property
    def count(self) -> int:
        """Fixations on all images."""
        return sum(len(stimulus.fixations) for stimulus in self.stimuli)

    def without_first(self) -> FixationSet:
        """Without the first fixation of each observer on each image: the earliest, or where no start is known the
        first listed."""
        kept = tuple(replace(stimulus, fixations=_later(stimulus.fixations)) for stimulus in self.stimuli)
        return replace(self, stimuli=kept)

    def described(self) -> dict[str, Any]:
        """What ``run.json`` keeps of it."""
        return {
            "layout": self.layout,
            "images_listed": self.listed,
            "images_present": len(self.stimuli),
            "observers": list(self.observers),
            "fixations": self.count,
            "notes": described(self.notes),
        }


def _later(fixations: Fixations) -> Fixations:
    known = bool(len(fixations)) and bool(np.isfinite(fixations.start_s).all())
    order = np.argsort(fixations.start_s, kind="stable") if known else np.arange(len(fixations))
    _, earliest = np.unique(fixations.observers[order], return_index=True)
    later = np.ones(len(fixations), dtype=bool)
    later[order[earliest]] = False
    return fixations.keep(later)


def in_frame(xs: np.ndarray, ys: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bool (n,): which points lie inside an image, 0 ≤ x < width and 0 ≤ y < height; False for NaN."""
    with np.errstate(invalid="ignore"):
        return (xs >= 0) & (xs < width) & (ys >= 0) & (ys < height)


def stimuli_in(folder: Path) -> Listing:
    """The pictures of a folder, not deeper. Raises InputError: there is no such folder, or no picture in it."""
    if not folder.is_dir():
        raise InputError(f"expected a folder of images at {folder}, there is none")
    listing = list_files(folder, deep=False)
    if not listing.files:
        raise InputError(f"expected images in {folder}, it holds none")
    return listing


class JoinedNames:
    """The names of images in somebody's list, joined to the pictures of a folder; each picture once."""

    def __init__(self, stimuli: Listing) -> None:
        self._index = NameIndex(stimuli)
        self._entries: dict[Path, str] = {}
        self.missing: list[str] = []

    def find(self, name: str) -> Path | None:
        """The picture called ``name`` (see `NameIndex`), which may begin with its folder; None, and noted, without one.

        Raises InputError: an earlier name means the same picture.
        """
        inside = name.replace("\\", "/").removeprefix(f"{self._index.listing.folder.name}/")
        picture = self._index.find(inside)
        if picture is None:
            self.missing.append(name)
            return None
        if picture in self._entries:
            same_file_twice([(self._entries[picture], picture), (name, picture)], "the list of images")
        self._entries[picture] = name
        return picture

    def missing_hinted(self, hints: int = 3) -> list[str]:
        """The names without a picture; the first of them with the name most like it."""
        near = [f"{name} (nearest: {self._index.nearest(name)})" for name in self.missing[:hints]]
        return near + self.missing[hints:]

    def unlisted(self) -> list[str]:
        """Names of pictures that no name means."""
        return [file.name for file in self._index.listing.files if file not in self._entries]
