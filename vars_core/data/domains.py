"""Domains of the same classes for domain generalisation (PACS, Li et al. 2017): ``<domain>/<class>/<file>`` (SPEC §9).

The official split files are used where they are present, anywhere below the folder: ``<domain>_train_kfold.txt`` and
``<domain>_crossval_kfold.txt`` of a domain that is trained on, ``<domain>_test_kfold.txt`` of the one tested on; lines
of a path that ends in ``<class>/<file>`` and a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vars_core.data.image_folder import FolderImages
from vars_core.data.labelled import LabelledImages, Subset, split
from vars_core.data.listing import list_folders
from vars_core.errors import InputError

PARTS = ("train", "crossval", "test")


@dataclass(frozen=True)
class Domain:
    """One domain's pictures, and which of them the official split files put where; no such files: empty."""

    name: str
    images: FolderImages
    official: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def source(self, held_out: float, seed: int) -> tuple[LabelledImages, LabelledImages]:
        """(pictures to train on, pictures to choose the weights by), where this domain is trained on.

        The official halves, or else a fraction ``held_out`` of every class, drawn with ``seed``.
        """
        if self.official:
            return Subset(self.images, self.official["train"]), Subset(self.images, self.official["crossval"])
        return split(self.images, held_out, seed)

    def target(self) -> LabelledImages:
        """The pictures to test on, where no picture of this domain was trained on: the official ones, or else all."""
        return Subset(self.images, self.official["test"]) if self.official else self.images


def open_domains(folder: str | Path) -> tuple[Domain, ...]:
    """The domains of a folder in the order of their names, all over the same classes.

    Raises InputError: fewer than two domains, other classes in one than in the rest, split files that are incomplete or
    name pictures that are not there.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"expected a folder of domains, {root} is none")
    opened = {}
    for entry in list_folders(root).files:
        if list_folders(entry).files:
            opened[entry.name] = FolderImages(entry)
    if len(opened) < 2:
        raise InputError(f"expected two domains or more in {root} (<domain>/<class>/<file>), got {len(opened)}")
    first, reference = next(iter(opened.items()))
    for name, images in opened.items():
        if images.classes != reference.classes:
            differing = sorted(set(images.classes) ^ set(reference.classes))
            raise InputError(f"domains need the same classes, {name} and {first} differ in {', '.join(differing)}")
    return tuple(Domain(name, images, _official(root, name, images)) for name, images in opened.items())


def _official(root: Path, domain: str, images: FolderImages) -> dict[str, tuple[int, ...]]:
    """Part → numbers of its pictures; empty where the folder holds no split file of this domain."""
    files = {part: next(iter(sorted(root.rglob(f"{domain}_{part}_kfold.txt"))), None) for part in PARTS}
    missing = [f"{domain}_{part}_kfold.txt" for part, file in files.items() if file is None]
    if len(missing) == len(PARTS):
        return {}
    if missing:
        raise InputError(f"expected all three split files of {domain} or none, there is no {', '.join(missing)}")
    index = {file.relative_to(images.root).as_posix(): number for number, file in enumerate(images.files)}
    return {part: _listed(file, index) for part, file in files.items() if file is not None}


def _listed(file: Path, index: Mapping[str, int]) -> tuple[int, ...]:
    """The numbers of the pictures that a split file names; InputError for those that are not there."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    named = ["/".join(line.rpartition(" ")[0].replace("\\", "/").split("/")[-2:]) for line in lines if line]
    missing = [name for name in named if name not in index]
    if missing or not named:
        raise InputError(
            f"{file.name} names {len(named)} pictures, {len(missing)} of them not there"
            + (f"; the first: {missing[0]}" if missing else "")
        )
    return tuple(np.unique([index[name] for name in named]).tolist())
