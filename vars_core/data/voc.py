"""The PASCAL VOC layout: JPEGImages, SegmentationClass (palette PNG), ImageSets/Segmentation/<split>.txt."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from vars_core.data.listing import PICTURE_SUFFIXES, Listing, NameIndex, list_files, same_file_twice
from vars_core.data.mask_set import MOST_HINTS, MaskSet, kept_values, missing, one_pair, values_of
from vars_core.data.mask_values import MaskValues
from vars_core.data.masks import Pair
from vars_core.data.notes import left_out, notes_of
from vars_core.errors import InputError, nearest

IMAGES, MASKS, LISTS = "JPEGImages", "SegmentationClass", "ImageSets/Segmentation"
USUAL_SPLIT = "val"
FLAGS = ("-1", "0", "1")
"""What VOC's lists of single classes say after a name."""


def read_voc(root: Path, split: str | None = None, values: MaskValues | None = None) -> MaskSet:
    """The pairs a split lists, in its order.

    A name may have a suffix, blanks, or a flag after it; the file's suffix may be any. A name without a file stays in
    the list, with the nearest name, so that it is counted. ``split``: the list's name; `USUAL_SPLIT` where None.
    ``values``: what the masks' numbers mean; VOC's own labels where None, unless the masks speak against it. Raises
    InputError: not this layout, no such split, a split that lists nothing, leaves the folder or lists a picture twice,
    or masks that hardly hold VOC's labels.
    """
    root = Path(root)
    lists = root / LISTS
    for folder in (root, root / IMAGES, root / MASKS, lists):
        if not folder.is_dir():
            raise InputError(f"expected the PASCAL VOC layout in {root}: there is no folder {folder}")
    split = split or USUAL_SPLIT
    if not (lists / f"{split}.txt").is_file():
        known = _splits(root)
        hint = f"known: {nearest(split, known)}" if known else "there are no lists there"
        raise InputError(f"expected a split listed in {lists}, got {split!r} ({hint})")
    listings = [list_files(root / folder) for folder in (IMAGES, MASKS)]
    pairs = _listed(root, split, *listings)
    strangers = [f"{listing.folder.name}/{name}" for listing in listings for name in listing.left_out]
    return MaskSet("voc", pairs, values_of(pairs, values, "voc"), split, notes_of(left_out(strangers)))


def read_voc_image(root: Path, file: str, values: MaskValues | None = None) -> MaskSet:
    """The mask of one photograph, a path inside ``JPEGImages``; no pair where it has none.

    ``values``: what its numbers mean; where None, what those of its whole list mean, as `read_voc` judges it. The list
    is `USUAL_SPLIT` if that names the photograph, else the first that does, else all masks; it stands in ``split``.
    Raises InputError: that list cannot be read, or its masks hardly hold VOC's labels.
    """
    root = Path(root)
    pairs = one_pair(root / IMAGES, root / MASKS, file)
    if values is not None or not pairs:
        return MaskSet("voc", pairs, values or kept_values((), "voc"))
    listings = [list_files(root / folder) for folder in (IMAGES, MASKS)]
    for split in sorted(_splits(root), key=lambda name: (name != USUAL_SPLIT, name)):
        listed = _listed(root, split, *listings)
        if any(pair.image == pairs[0].image for pair in listed):
            return MaskSet("voc", pairs, kept_values((pair.mask for pair in listed), "voc"), split)
    return MaskSet("voc", pairs, kept_values(listings[1].files, "voc"))


def _splits(root: Path) -> list[str]:
    """The names of the lists there are, sorted."""
    lists = root / LISTS
    return sorted(file.stem for file in list_files(lists, {".txt"}, deep=False).files) if lists.is_dir() else []


def _listed(root: Path, split: str, *listings: Listing) -> tuple[Pair, ...]:
    """The pairs of a list in its order; ``listings``: of the folders of photographs and of masks. Raises InputError."""
    path = root / LISTS / f"{split}.txt"
    images, masks = (NameIndex(listing) for listing in listings)
    pairs: list[Pair] = []
    entries: list[tuple[str, Path]] = []
    faults = 0
    for line in _lines(path):
        name, image = _meant(line, images)
        _check_inside(name, path)
        mask = masks.find(name)
        hinted = faults < MOST_HINTS
        fault = "" if image else missing(IMAGES, name, ".jpg", images, hint=hinted)
        fault = fault or ("" if mask else missing(MASKS, name, ".png", masks, hint=hinted))
        faults += bool(fault)
        pairs.append(Pair(name, image or root / IMAGES / f"{name}.jpg", mask or root / MASKS / f"{name}.png", fault))
        entries.append((line, pairs[-1].image))
    same_file_twice(entries, path.name)
    return tuple(pairs)


def _lines(path: Path) -> list[str]:
    """The lines of a list that say something, without a byte-order mark, blanks around them, or ends of any system."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"expected a text file with one name a line, {path} is not") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise InputError(f"expected at least one name in {path}, it is empty")
    return lines


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
