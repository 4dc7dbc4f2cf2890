"""Photographs with masks, as every reader of such data returns them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from vars_core.data.listing import NameIndex, list_files, names_sha256
from vars_core.data.mask_values import MaskValues, judge
from vars_core.data.masks import MaskImage, Pair, read_mask, read_photograph_of
from vars_core.data.notes import Note
from vars_core.decoding import ImageError
from vars_core.errors import InputError

MOST_HINTS = 20
"""Missing files for which the nearest name is looked up."""


@dataclass(frozen=True)
class MaskSet:
    """A data set as read.

    ``layout``: the reader's name. ``pairs``: in the order of the list, or of the names. ``values``: what the masks'
    numbers mean. ``split``: the list that was read; None where the layout has none. ``notes``: what was left out.
    """

    layout: str
    pairs: tuple[Pair, ...]
    values: MaskValues
    split: str | None = None
    notes: tuple[Note, ...] = ()

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What was not said by anybody, in sentences."""
        return self.values.assumptions()

    def described(self) -> dict[str, Any]:
        """What ``run.json`` keeps of it."""
        # Ids, not file names: subfolders may hold files of one name.
        names = (f"{pair.id}{file.suffix}" for pair in self.pairs for file in (pair.image, pair.mask))
        return {
            "samples": len(self.pairs),
            "files": 2 * len(self.pairs),
            "names_sha256": names_sha256(names),
            "mask_values": self.values.name,
            "labels": self.values.words,
        }

    def load(self, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        """The photograph uint8 (H, W, 3) and its regions uint8 (H, W), see `MaskValues.regions`.

        Raises ImageError: a file is missing or unreadable, the two differ in size, or the mask cannot be read so.
        """
        image = read_photograph_of(pair)
        mask = read_mask(pair.mask, shape=(image.shape[0], image.shape[1]))
        return image, self.values.regions(mask)


def values_of(pairs: Sequence[Pair], asked: MaskValues | None, usual: str | None = None) -> MaskValues:
    """The reading that was asked for, else the one judged from all masks (`judge`)."""
    return asked if asked is not None else judge(_readable(pairs), usual)


def one_pair(images: Path, masks: Path, file: str) -> tuple[Pair, ...]:
    """A photograph, a path inside ``images``, and the mask of its name; () where there is none.

    Raises InputError: several masks may be meant.
    """
    name = PurePosixPath(file).with_suffix("").as_posix()
    folder = masks / PurePosixPath(file).parent
    mask = NameIndex(list_files(folder, deep=False)).find(PurePosixPath(name).name) if folder.is_dir() else None
    return (Pair(name, images / file, mask),) if mask is not None else ()


def kept_values(masks: Iterable[Path], usual: str | None = None) -> MaskValues:
    """What the numbers of these files mean between them (`judge`), judged again only once one of them has changed.

    Raises InputError: as `judge` does.
    """
    kept = _kept(tuple((path, path.stat().st_mtime_ns) for path in masks if path.is_file()), usual)
    if isinstance(kept, InputError):
        raise kept
    return kept


@lru_cache(maxsize=16)
def _kept(stamped: tuple[tuple[Path, int], ...], usual: str | None) -> MaskValues | InputError:
    try:
        return judge(_readable([Pair(path.name, path, path) for path, _ in stamped]), usual)
    except InputError as error:  # kept as well: finding it out again would mean reading every mask again
        return error


def missing(folder: str, name: str, suffix: str, index: NameIndex, *, hint: bool) -> str:
    """The sentence about a file that a list names and a folder lacks."""
    near = f": the nearest name there is {index.nearest(name)}" if hint else ""
    return f"{folder}/{name}{suffix} is missing{near}"


def _readable(pairs: Sequence[Pair]) -> Iterator[MaskImage]:
    for pair in pairs:
        try:
            yield read_mask(pair.mask)
        except ImageError:  # said when the pair is read
            continue
