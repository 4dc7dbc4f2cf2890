"""A plain pair of folders: ``images`` and ``masks``, partners having the same name up to the suffix."""

from __future__ import annotations

from pathlib import Path

from vars_core.data.listing import list_files
from vars_core.data.mask_set import MaskSet, kept_values, one_pair, values_of
from vars_core.data.mask_values import MaskValues
from vars_core.data.masks import Pair
from vars_core.data.notes import left_out, notes_of
from vars_core.errors import InputError

IMAGES, MASKS = "images", "masks"


def read_pairs(root: Path, split: str | None = None, values: MaskValues | None = None) -> MaskSet:
    """All pairs below ``root``, sorted by name. A file without a partner is listed too, so that it is counted.

    ``split``: None; there are no lists. ``values``: what the masks' numbers mean; judged from all of them where None.
    Raises InputError: not this layout, no image at all, one name for two files, or masks that may mean two things.
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
    strangers = [f"{listing.folder.name}/{name}" for listing in listings for name in listing.left_out]
    return MaskSet("pairs", pairs, values_of(pairs, values), notes=notes_of(left_out(strangers)))


def read_pairs_image(root: Path, file: str, values: MaskValues | None = None) -> MaskSet:
    """The mask of one photograph, a path inside ``images``; no pair where it has none.

    ``values``: what its numbers mean; what those of the whole folder mean where None, as `read_pairs` judges it.
    """
    images, masks = Path(root) / IMAGES, Path(root) / MASKS
    pairs = one_pair(images, masks, file)
    if values is None:
        values = kept_values(list_files(masks).files if pairs else ())
    return MaskSet("pairs", pairs, values)
