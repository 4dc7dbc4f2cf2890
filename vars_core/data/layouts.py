"""Every layout of data: how it is recognised, read, and read for one image. To add one is to add its entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vars_core.data import fixation_table, halves, mit1003, osie, pairs, voc
from vars_core.errors import InputError, nearest

MASKS = "masks"
FIXATIONS = "fixations"
LABELS = "labels"


@dataclass(frozen=True)
class Layout:
    """One way in which a data set lies in a folder.

    ``name``: as ``--layout`` and a run's settings spell it.
    ``kind``: what comes with the photographs: "masks", "fixations" or "labels".
    ``words``: the folder's contents, for people.
    ``photographs``: the folder inside the root that holds the photographs; "" where they lie elsewhere.
    ``detect``: whether a folder looks like it; reads no file.
    ``read``: root → the data set; of masks also, by name, ``split`` (of a list) and ``values`` (a `MaskValues`),
      either of which may be None; of labels ``held_out`` and ``seed``. Raises InputError.
    ``read_one``: root, a photograph's path inside ``photographs`` → the data set of that one image; of masks also
      ``values``, and where that is None their numbers mean what those of the whole set mean. None where a single file
      holds all images: then the data set is read whole.
    """

    name: str
    kind: str
    words: str
    photographs: str
    detect: Callable[[Path], bool]
    read: Callable[..., Any]
    read_one: Callable[..., Any] | None = None


def has(*names: str) -> Callable[[Path], bool]:
    """A test whether a folder holds entries of all these names."""
    return lambda root: all((root / name).exists() for name in names)


LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout(
            "voc",
            MASKS,
            f"PASCAL VOC: {voc.IMAGES}, {voc.MASKS}, {voc.LISTS}/<split>.txt",
            voc.IMAGES,
            has(voc.IMAGES, voc.MASKS),
            voc.read_voc,
            voc.read_voc_image,
        ),
        Layout(
            "pairs",
            MASKS,
            f"folders {pairs.IMAGES} and {pairs.MASKS}",
            pairs.IMAGES,
            has(pairs.IMAGES, pairs.MASKS),
            pairs.read_pairs,
            pairs.read_pairs_image,
        ),
        Layout(
            "mit1003",
            FIXATIONS,
            f"MIT1003 as distributed: {mit1003.STIMULI}, {mit1003.DATA}/<observer>/*.mat",
            mit1003.STIMULI,
            has(mit1003.STIMULI, mit1003.DATA),
            mit1003.read_mit1003,
            mit1003.read_mit1003_image,
        ),
        Layout(
            "osie",
            FIXATIONS,
            f"OSIE: {osie.STIMULI}, {osie.FILE}",
            osie.STIMULI,
            has(osie.STIMULI, osie.FILE),
            osie.read_osie,
        ),
        Layout(
            "table",
            FIXATIONS,
            f"{fixation_table.STIMULI} and {' or '.join(fixation_table.FILES)}",
            fixation_table.STIMULI,
            lambda root: has(fixation_table.STIMULI)(root) and any(has(name)(root) for name in fixation_table.FILES),
            fixation_table.read_fixation_folder,
        ),
        Layout(
            "tiny_imagenet",
            LABELS,
            "Tiny ImageNet: train-*.parquet, val.parquet, classes.csv",
            "",
            halves.has_tiny_imagenet,
            halves.read_tiny_imagenet,
        ),
        Layout(
            "parquet",
            LABELS,
            "train*.parquet and val*.parquet with the columns image and label",
            "",
            halves.has_shards,
            halves.read_shards,
        ),
        Layout(
            "class_folders",
            LABELS,
            "train/ and val/ of class folders, or class folders alone",
            "",
            halves.has_class_folders,
            halves.read_class_folders,
        ),
    )
}


def layouts_of(kind: str) -> dict[str, Layout]:
    """The layouts of one kind by name."""
    return {name: layout for name, layout in LAYOUTS.items() if layout.kind == kind}


def recognise(root: Path, kind: str | None = None) -> Layout | None:
    """The first layout (of one kind) that a folder looks like; None where it looks like none."""
    return next((one for one in LAYOUTS.values() if kind in (None, one.kind) and one.detect(Path(root))), None)


def choose(name: str | None, root: Path, kind: str) -> Layout:
    """The layout called ``name``; where that is None, the one that the folder looks like.

    Raises InputError: no such layout, a folder that looks like none, or like another one than the layout named.
    """
    known = layouts_of(kind)
    if name is not None:
        if name not in known:
            raise InputError(
                f"expected --layout {' or '.join(known)}, got {name!r} (nearest: {nearest(name, known, 1)})"
            )
        return _fitting(known[name], root)
    recognised = recognise(root, kind)
    if recognised is None:
        where = f"in {root}" if Path(root).is_dir() else f"in {root}: there is no folder {root}"
        raise InputError(f"expected {described(kind)} {where}")
    return recognised


def _fitting(named: Layout, root: Path) -> Layout:
    """The layout that was named. Raises InputError where the folder looks like another one instead, and names it."""
    others = (recognise(root, kind) for kind in (named.kind, MASKS, FIXATIONS))
    other = None if named.detect(Path(root)) else next((one for one in others if one is not None), None)
    if other is None:
        return named
    what = "" if other.kind == named.kind else f" of {other.kind}"
    raise InputError(
        f"expected {named.words} ({named.name}) in {root}, which holds {other.words}: "
        f"that is --layout {other.name}{what}"
    )


def described(kind: str) -> str:
    """The layouts of one kind in words."""
    return "; or ".join(f"{layout.words} ({name})" for name, layout in layouts_of(kind).items())
