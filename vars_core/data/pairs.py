"""A plain pair of folders: ``images`` and ``masks``, partners having the same name up to the suffix."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from vars_core.data.masks import IMAGE_SUFFIXES, VOID_LABEL, Pair, read_labels
from vars_core.errors import InputError


def read_pairs(root: Path) -> list[Pair]:
    """All pairs below ``root``, sorted by name. A file without a partner is listed too, so that it is counted.

    Raises:
        InputError: not this layout, no image at all, or one name for two files.
    """
    root = Path(root)
    for folder in (root, root / "images", root / "masks"):
        if not folder.is_dir():
            raise InputError(f"expected the folders images and masks in {root}: there is no folder {folder}")
    images, masks = _by_name(root / "images"), _by_name(root / "masks")
    if not images and not masks:
        raise InputError(f"expected image files in {root / 'images'}, there are none")
    return [
        Pair(
            name,
            images.get(name, root / "images" / f"{name}.jpg"),
            masks.get(name, root / "masks" / f"{name}.png"),
        )
        for name in sorted({*images, *masks})
    ]


def void_label(pairs: Iterable[Pair]) -> int | None:
    """What marks void in these masks: 255, unless every mask holds 0 and 255 only (then 255 is the foreground: None).

    The data set decides as a whole: one photograph without an object but with a void border must not turn its border
    into foreground. Masks that cannot be read have no say.
    """
    readable = False
    for pair in pairs:
        try:
            labels = read_labels(pair.mask)
        except InputError:
            continue
        readable = True
        if np.any((labels != 0) & (labels != VOID_LABEL)):
            return VOID_LABEL
    return None if readable else VOID_LABEL


def _by_name(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in IMAGE_SUFFIXES or not path.is_file():
            continue
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in found:
            raise InputError(f"expected one file per name, {found[name].name} and {path.name} share {name!r}")
        found[name] = path
    return found
