"""Pictures in one folder per class, as torchvision's ImageFolder reads them: labels follow the sorted folder names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vars_core.data.labelled import digest
from vars_core.data.listing import PICTURE_SUFFIXES, list_files, list_folders
from vars_core.data.notes import left_out, notes_of
from vars_core.errors import InputError


class FolderImages:
    """``root/<class>/**/<file>``; ``classes`` fixes the class order where the folder may lack some of them.

    ``notes`` say what is no data (`vars_core.data.listing`), and which class folders hold no picture: these are no
    classes, unless ``classes`` names them.
    """

    def __init__(self, root: str | Path, classes: tuple[str, ...] | None = None) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise InputError(f"expected a folder with one folder per class, {self.root} is none")
        folders = list_folders(self.root)
        listings = {folder.name: list_files(folder) for folder in folders.files}
        named = tuple(name for name, listing in listings.items() if listing.files)
        if classes is not None and set(named) - set(classes):
            raise InputError(f"{self.root} has classes that are not expected: {sorted(set(named) - set(classes))}")
        self.classes = classes or named
        self.notes = notes_of(
            (
                "class folders without a picture",
                [name for name in listings if name not in named],
                False,
            ),
            left_out([*folders.left_out, *(f"{n}/{inside}" for n, one in listings.items() for inside in one.left_out)]),
        )
        self.files: list[Path] = []
        labels = []
        for label, name in enumerate(self.classes):
            members = listings[name].files if name in listings else ()
            self.files += members
            labels += [label] * len(members)
        if not self.files:
            raise InputError(f"{self.root} holds no pictures in class folders ({', '.join(sorted(PICTURE_SUFFIXES))})")
        self.labels = np.array(labels, dtype=np.int64)
        self.fingerprint = digest(f"{file.relative_to(self.root)}:{file.stat().st_size}" for file in self.files)

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        return str(self.files[index].relative_to(self.root))

    def encoded(self, index: int) -> bytes:
        return self.files[index].read_bytes()
