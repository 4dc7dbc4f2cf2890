"""A plain pair of folders: ``images`` and ``masks``, partners having the same name up to the suffix."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from vars_core.data.listing import Listing, list_files
from vars_core.data.mask_set import MaskSet, one_pair, values_of
from vars_core.data.mask_values import MaskValues
from vars_core.data.masks import Pair
from vars_core.data.notes import left_out, notes_of
from vars_core.errors import InputError

IMAGES, MASKS = "images", "masks"


def read_pairs(root: Path, split: str | None = None, values: MaskValues | None = None) -> MaskSet:
    """All pairs below ``root``, sorted by name. A file without a partner is listed too, so that it is counted.

    Args:
        split: None; there are no lists.
        values: what the masks' numbers mean; judged from all of them where None.

    Raises:
        InputError: not this layout, no image at all, one name for two files, or masks that may mean two things.
    """
    if split is not None:
        raise InputError(f"expected no --split with the layout pairs, got {split!r}")
    root = Path(root)
    for folder in (root, root / IMAGES, root / MASKS):
        if not folder.is_dir():
            raise InputError(f"expected the folders {IMAGES} and {MASKS} in {root}: there is no folder {folder}")
    listings = list_files(root / IMAGES), list_files(root / MASKS)
    images, masks = (listing.by_name() for listing in listings)
    if not images and not masks:
        raise InputError(f"expected image files in {root / IMAGES}, there are none")
    pairs = tuple(
        Pair(
            name,
            images.get(name, root / IMAGES / f"{name}.jpg"),
            masks.get(name, root / MASKS / f"{name}.png"),
        )
        for name in sorted({*images, *masks})
    )
    return MaskSet("pairs", pairs, values_of(pairs, values), notes=notes_of(left_out(_left_out(*listings))))


def read_pairs_image(root: Path, file: str) -> MaskSet:
    """The mask of one photograph, a path inside ``images``; no pair where it has none.

    Its numbers mean what those of the whole folder mean, which is judged once and kept while the folder stays.
    """
    images, masks = Path(root) / IMAGES, Path(root) / MASKS
    return one_pair("pairs", images, masks, file, values=_values_of_folder(masks, _stamp(masks)))


@lru_cache(maxsize=16)
def _values_of_folder(masks: Path, stamp: tuple[tuple[Path, int], ...]) -> MaskValues:
    return values_of([Pair(file.name, file, file) for file, _ in stamp], None)


def _stamp(masks: Path) -> tuple[tuple[Path, int], ...]:
    return tuple((file, file.stat().st_mtime_ns) for file in list_files(masks).files)


def _left_out(*listings: Listing) -> list[str]:
    return [f"{listing.folder.name}/{name}" for listing in listings for name in listing.left_out]
