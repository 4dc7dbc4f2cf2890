"""The PASCAL VOC layout: JPEGImages, SegmentationClass (palette PNG), ImageSets/Segmentation/<split>.txt."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from vars_core.data.listing import PICTURE_SUFFIXES, NameIndex, list_files, same_file_twice
from vars_core.data.mask_set import MOST_HINTS, MaskSet, missing, one_pair, values_of
from vars_core.data.mask_values import MaskValues
from vars_core.data.masks import Pair
from vars_core.data.notes import left_out, notes_of
from vars_core.errors import InputError, nearest

IMAGES, MASKS, LISTS = "JPEGImages", "SegmentationClass", "ImageSets/Segmentation"
FLAGS = ("-1", "0", "1")
"""What VOC's lists of single classes say after a name."""


def read_voc(root: Path, split: str | None = None, values: MaskValues | None = None) -> MaskSet:
    """The pairs a split lists, in its order.

    A name may have a suffix, blanks, or a flag after it; the file's suffix may be any. A name without a file stays in
    the list, with the nearest name, so that it is counted.

    Args:
        split: the list's name; "val" where None.
        values: what the masks' numbers mean; VOC's own labels where None, unless the masks speak against it.

    Raises:
        InputError: not this layout, no such split, a split that lists nothing, leaves the folder or lists a picture
            twice, or masks that hardly hold VOC's labels.
    """
    root = Path(root)
    lists = root / LISTS
    for folder in (root, root / IMAGES, root / MASKS, lists):
        if not folder.is_dir():
            raise InputError(f"expected the PASCAL VOC layout in {root}: there is no folder {folder}")
    split = split or "val"
    path = lists / f"{split}.txt"
    if not path.is_file():
        known = sorted(file.stem for file in list_files(lists, {".txt"}, deep=False).files)
        hint = f"known: {nearest(split, known)}" if known else "there are no lists there"
        raise InputError(f"expected a split listed in {lists}, got {split!r} ({hint})")
    lines = _lines(path)
    listings = [list_files(root / folder) for folder in (IMAGES, MASKS)]
    images, masks = (NameIndex(listing) for listing in listings)
    pairs: list[Pair] = []
    entries: list[tuple[str, Path]] = []
    for line in lines:
        name, image = _meant(line, images)
        _check_inside(name, path)
        mask = masks.find(name)
        hinted = sum(bool(pair.fault) for pair in pairs) < MOST_HINTS
        fault = "" if image else missing(IMAGES, name, ".jpg", images, hint=hinted)
        fault = fault or ("" if mask else missing(MASKS, name, ".png", masks, hint=hinted))
        pairs.append(Pair(name, image or root / IMAGES / f"{name}.jpg", mask or root / MASKS / f"{name}.png", fault))
        entries.append((line, pairs[-1].image))
    same_file_twice(entries, path.name)
    found = [f"{listing.folder.name}/{name}" for listing in listings for name in listing.left_out]
    return MaskSet("voc", tuple(pairs), values_of(pairs, values, "voc"), split, notes_of(left_out(found)))


def read_voc_image(root: Path, file: str) -> MaskSet:
    """The mask of one photograph, a path inside ``JPEGImages``; no pair where it has none."""
    return one_pair("voc", Path(root) / IMAGES, Path(root) / MASKS, file, usual="voc")


def _lines(path: Path) -> list[str]:
    """The lines of a list that say something, without a byte-order mark, blanks around them, or ends of any system."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"expected a text file with one name a line, {path} is not") from None
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise InputError(f"expected at least one name in {path}, it is empty")
    return found


def _meant(line: str, images: NameIndex) -> tuple[str, Path | None]:
    """The name that a line means, without a suffix, and its photograph: the whole line, or all before a flag."""
    first, _, rest = line.partition(" ") if " " in line else line.partition("\t")
    wanted = [line, first] if rest.strip() in FLAGS else [line]
    for name in wanted:
        if (file := images.find(name)) is not None:
            return file.relative_to(images.listing.folder).with_suffix("").as_posix(), file
    lost = PurePosixPath(wanted[-1])
    return (lost.with_suffix("") if lost.suffix.lower() in PICTURE_SUFFIXES else lost).as_posix(), None


def _check_inside(name: str, path: Path) -> None:
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise InputError(f"expected names inside {IMAGES} in {path}, got {name!r}")
