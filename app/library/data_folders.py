"""The photographs of the folders that the server was started with, a page of thumbnails at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.library.photographs import data_file, data_files
from app.library.thumbnails import Thumbnail, squared
from app.serving.sessions import Sessions
from vars_core.errors import InputError, nearest
from vars_core.images import decode_reduced

PAGE = 12
"""Thumbnails of a page."""

KEPT_BYTES = 16_000_000
"""Thumbnails stay in memory up to this size: some four thousand."""

DECODED_PIXELS = 250_000
"""A photograph is read in so many pixels for its thumbnail; of a JPEG the decoder leaves out the rest."""


@dataclass(frozen=True)
class Page:
    """``number`` of ``pages``, both from 1; ``first`` (from 0) is the place of its first photograph among ``total``."""

    number: int
    pages: int
    first: int
    total: int
    names: tuple[str, ...]


class DataFolders:
    """Folders by name; each is listed once, when the server starts. Safe from several threads."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)
        self.files = {name: data_files(folder) for name, folder in folders.items()}
        self._kept = Sessions(session_bytes=KEPT_BYTES, total_bytes=KEPT_BYTES)

    def page(self, folder: str, number: int, find: str = "") -> Page:
        """A page of the photographs whose path holds ``find``, in any case; a number past an end means that end.

        Raises InputError where there is no such folder.
        """
        names = self.names_with(folder, find)
        pages = max(1, -(-len(names) // PAGE))
        number = min(max(number, 1), pages)
        first = (number - 1) * PAGE
        return Page(number, pages, first, len(names), tuple(names[first : first + PAGE]))

    def page_of(self, folder: str, name: str, find: str = "") -> int | None:
        """The number of the page that has a photograph; None where it is not among those that ``find`` leaves."""
        names = self.names_with(folder, find)
        return names.index(name) // PAGE + 1 if name in names else None

    def names_with(self, folder: str, find: str = "") -> list[str]:
        """Paths that hold ``find``, in any case. Raises InputError for an unknown folder."""
        if folder not in self.files:
            raise InputError(f"no data folder {folder[:80]!r} on this server; nearest: {nearest(folder, self.files)}")
        wanted = find.strip().casefold()
        return [name for name in self.files[folder] if wanted in name.casefold()] if wanted else self.files[folder]

    def thumbnails(self, folder: str, page: Page) -> list[Thumbnail]:
        """Those of a page, made when they are first asked for; a file that cannot be read has no picture."""
        return [self._thumbnail(folder, name) for name in page.names]

    def _thumbnail(self, folder: str, name: str) -> Thumbnail:
        ref = f"data:{folder}/{name}"
        try:
            path = data_file(ref, self._folders)
            key = (ref, path.stat().st_mtime_ns)
            read = partial(decode_reduced, path, max_pixels=DECODED_PIXELS)
            return self._kept.kept("thumbnails", key, lambda: Thumbnail(ref, name, squared(read()[0])))
        except (InputError, OSError):
            return Thumbnail(ref, name, "")
