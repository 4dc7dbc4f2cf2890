"""What every reader of eye-fixation data returns, and how it says what is missing (SPEC §7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vars_core.errors import InputError

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
_EXIF_ORIENTATION = 274


@dataclass(frozen=True)
class Fixations:
    """Fixations of one image, n of them, in the order each observer made them.

    ``xs``, ``ys``: float64 (n,), pixels, 0-based, ``map[y, x]``; NaN where the source held no number.
    ``observers``: int64 (n,), indices into :attr:`FixationSet.observers`.
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
        with np.errstate(invalid="ignore"):
            return (self.xs >= 0) & (self.xs < width) & (self.ys >= 0) & (self.ys < height)

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
class Note:
    """Something that was found missing or odd: what it is, and the names of all that it concerns.

    ``fault`` tells what should be repaired (a broken file) from what is merely so (an image not downloaded).
    """

    what: str
    names: tuple[str, ...]
    fault: bool = False

    def sentence(self, shown: int = 5) -> str:
        """ "350 images listed but missing: 1002.jpg, …"."""
        rest = len(self.names) - shown
        more = f" and {rest} more" if rest > 0 else ""
        return f"{self.what}: {len(self.names)} ({', '.join(self.names[:shown])}{more})"


@dataclass(frozen=True)
class FixationSet:
    """A data set as read.

    Attributes:
        layout: the reader's name.
        observers: their names.
        stimuli: the images that are there and are listed, in the order of the list.
        listed: how many images the data list, there or not.
        sigma: pixels of one degree of visual angle.
        drops_first: whether the first fixation of each observer is usually dropped (forced centre).
        notes: what is missing or odd.
    """

    layout: str
    observers: tuple[str, ...]
    stimuli: tuple[Stimulus, ...]
    listed: int
    sigma: float
    drops_first: bool
    notes: tuple[Note, ...] = ()

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
            "notes": [{"what": note.what, "count": len(note.names), "names": list(note.names)} for note in self.notes],
        }


def _later(fixations: Fixations) -> Fixations:
    known = bool(len(fixations)) and bool(np.isfinite(fixations.start_s).all())
    order = np.argsort(fixations.start_s, kind="stable") if known else np.arange(len(fixations))
    _, earliest = np.unique(fixations.observers[order], return_index=True)
    later = np.ones(len(fixations), dtype=bool)
    later[order[earliest]] = False
    return fixations.keep(later)


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) as the decoded image will have it, from the file's header alone.

    Raises:
        InputError: the file is no image.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(_EXIF_ORIENTATION, 1) in (5, 6, 7, 8)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"expected an image at {path}: {error}") from None
    return (width, height) if turned else (height, width)


def pictures_in(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by file name, sorted.

    Raises:
        InputError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"expected a folder of images at {folder}, there is none")
    found = {path.name: path for path in sorted(folder.iterdir()) if path.suffix.lower() in PICTURES}
    if not found:
        raise InputError(f"expected images in {folder}, it holds none")
    return found


def notes_of(*candidates: tuple[str, Iterable[str], bool]) -> tuple[Note, ...]:
    """Notes of those candidates (what, names, fault) that concern anything."""
    notes = (Note(what, tuple(names), fault) for what, names, fault in candidates)
    return tuple(note for note in notes if note.names)
