"""The photographs that a visitor has loaded: which, and where their files lie."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from app.library.thumbnails import Thumbnail

MAX_UPLOADS = 24
"""Photographs of one visitor that can be chosen; a further one takes the place of the oldest."""


@dataclass(frozen=True)
class Upload:
    """A photograph that was read once. Its file stays in the folder of uploads until it is old (`serving.cleaning`)."""

    thumbnail: Thumbnail
    path: Path = field(repr=False)

    @property
    def ref(self) -> str:
        return self.thumbnail.ref

    def still_there(self) -> bool:
        """Whether the file is; asking makes it young again."""
        try:
            os.utime(self.path)
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Uploads:
    """The latest `MAX_UPLOADS`, in the order in which they came; the same photograph is listed once."""

    entries: tuple[Upload, ...] = ()

    def added(self, one: Upload) -> Uploads:
        if self.upload_of(one.ref):
            return Uploads(tuple(one if entry.ref == one.ref else entry for entry in self.entries))
        return Uploads((*self.entries, one)[-MAX_UPLOADS:])

    def upload_of(self, ref: str) -> Upload | None:
        return next((entry for entry in self.entries if entry.ref == ref), None)
