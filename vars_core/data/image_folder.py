"""Pictures in one folder per class, as torchvision's ImageFolder reads them: labels follow the sorted folder names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vars_core.data.labelled import digest
from vars_core.errors import InputError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".ppm", ".tif", ".tiff"})


class FolderImages:
    """``root/<class>/**/<file>``; ``classes`` fixes the class order where the folder may lack some of them."""

    def __init__(self, root: str | Path, classes: tuple[str, ...] | None = None) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise InputError(f"expected a folder with one folder per class, {self.root} is none")
        found = tuple(sorted(entry.name for entry in self.root.iterdir() if entry.is_dir()))
        if classes is not None and set(found) - set(classes):
            raise InputError(f"{self.root} has classes that are not expected: {sorted(set(found) - set(classes))}")
        self.classes = classes or found
        self.files: list[Path] = []
        labels = []
        for label, name in enumerate(self.classes):
            members = [file for file in (self.root / name).rglob("*") if file.suffix.lower() in SUFFIXES]
            self.files += sorted(members)
            labels += [label] * len(members)
        if not self.files:
            raise InputError(f"{self.root} holds no pictures in class folders ({', '.join(sorted(SUFFIXES))})")
        self.labels = np.array(labels, dtype=np.int64)
        self.fingerprint = digest(f"{file.relative_to(self.root)}:{file.stat().st_size}" for file in self.files)

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        return str(self.files[index].relative_to(self.root))

    def encoded(self, index: int) -> bytes:
        return self.files[index].read_bytes()
