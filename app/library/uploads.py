"""The photographs that a visitor has loaded: which, and where their files lie."""

from __future__ import annotations

import os
from collections.abc import Mapping
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


Uploads = Mapping[str, Upload]
"""What a visitor has loaded by its reference, in the order in which it came: see `added`."""


def added(uploads: Uploads, one: Upload) -> Uploads:
    """The latest `MAX_UPLOADS` with one more; the same photograph is listed once, at its place."""
    return dict([*{**uploads, one.ref: one}.items()][-MAX_UPLOADS:])
