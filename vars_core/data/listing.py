"""Which files of a folder are data: one listing for every reader, and one way from a name to its file.

Systems and tools leave things of their own among pictures: copies in ``.ipynb_checkpoints``, previews in ``@eaDir``,
``._photo.jpg`` and ``__MACOSX`` out of archives. None of them is data, wherever it lies.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vars_core.errors import InputError, nearest

_ENDINGS = ("jpg", "jpeg", "png", "webp", "avif", "gif", "bmp", "tif", "tiff", "ppm", "pgm", "pbm", "heic", "heif")
PICTURE_SUFFIXES = frozenset(f".{ending}" for ending in _ENDINGS)
"""Endings of the files that are taken for pictures, in lower case: one for each format that is decoded."""

FOREIGN = frozenset(
    {"__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "thumbs.db", "desktop.ini"}
)
"""Names, in lower case, of what systems leave in folders; every name that begins with a dot is one more."""


@dataclass(frozen=True)
class Listing:
    """What a folder holds.

    ``files``: the data, sorted by path. ``left_out``: paths inside the folder, "/" between parts, of files and folders
    that are no data; of a folder only its own name, however much lies in it.
    """

    folder: Path
    files: tuple[Path, ...]
    left_out: tuple[str, ...]

    def by_name(self) -> dict[str, Path]:
        """Path inside the folder without its suffix ("/" between parts, letters composed) → file, ordered by name.

        Raises InputError: one name for two files.
        """
        files: dict[str, Path] = {}
        for file in self.files:
            name = composed(file.relative_to(self.folder).with_suffix("").as_posix())
            if name in files:
                raise InputError(f"expected one file per name, {files[name].name} and {file.name} share {name!r}")
            files[name] = file
        return dict(sorted(files.items()))


def is_foreign(name: str) -> bool:
    """Whether a file or folder of this name is left behind by a system or a tool, and no data."""
    lower = name.lower()
    return lower.startswith(".") or lower in FOREIGN


def list_files(folder: Path, suffixes: Iterable[str] = PICTURE_SUFFIXES, *, deep: bool = True) -> Listing:
    """The files of a folder whose names end in one of ``suffixes`` (lower case; any case on disk).

    ``deep``: with those of its folders, to any depth. Raises InputError: there is no such folder, or it cannot be
    listed.
    """
    folder, wanted = Path(folder), frozenset(suffixes)
    if not folder.is_dir():
        raise InputError(f"expected a folder of files at {folder}, there is none")
    files: list[Path] = []
    left_out: list[str] = []
    for inside, folders, names in os.walk(folder, onerror=_refuse):
        here = Path(inside)
        foreign = [name for name in (*folders, *names) if is_foreign(name)]
        left_out += [(here / name).relative_to(folder).as_posix() for name in foreign]
        folders[:] = sorted(name for name in folders if deep and not is_foreign(name))
        candidates = (here / name for name in names if not is_foreign(name))
        files += [path for path in candidates if path.suffix.lower() in wanted and path.is_file()]
    return Listing(folder, tuple(sorted(files)), tuple(sorted(left_out)))


def list_folders(folder: Path) -> Listing:
    """The folders in a folder, not deeper; ``files`` of the listing are folders here."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"expected a folder of folders at {folder}, there is none")
    inside = sorted(entry for entry in folder.iterdir() if entry.is_dir())
    foreign = tuple(entry.name for entry in inside if is_foreign(entry.name))
    return Listing(folder, tuple(entry for entry in inside if not is_foreign(entry.name)), foreign)


class NameIndex:
    """From a name in somebody's list to the file it means.

    A name may carry a suffix or none, and letters composed otherwise than on disk (Unicode's NFC and NFD). A suffix
    that differs is looked over ("a.jpg" for ``a.JPG``), for the name says which picture, not how it is stored. Case
    counts within the name itself.
    """

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self._whole: dict[str, Path] = {}
        self._stems: dict[str, list[Path]] = {}
        for file in listing.files:
            whole = composed(file.relative_to(listing.folder).as_posix())
            self._whole[whole] = file
            self._stems.setdefault(_stem(whole), []).append(file)

    def find(self, name: str) -> Path | None:
        """The file called ``name``; None where there is none. Raises InputError: several files could be meant."""
        wanted = composed(name)
        if wanted in self._whole:
            return self._whole[wanted]
        candidates = self._stems.get(wanted)
        if candidates is None and PurePosixPath(wanted).suffix.lower() in PICTURE_SUFFIXES:
            candidates = self._stems.get(_stem(wanted))
        if candidates is not None and len(candidates) > 1:
            raise InputError(
                f"expected one file called {name!r} in {self.listing.folder.name}, there are "
                f"{' and '.join(file.name for file in candidates)}"
            )
        return candidates[0] if candidates else None

    def nearest(self, name: str) -> str:
        """The files most like ``name`` as one readable phrase."""
        return nearest(composed(name), self._whole, count=1) if self._whole else "there are no files"


def composed(name: str) -> str:
    """A name with its letters composed (NFC): "é" is one letter, however a system stored it."""
    return unicodedata.normalize("NFC", name)


def names_sha256(names: Iterable[str]) -> str:
    """SHA-256 of names in their order, a line each: which files a data set is of, wherever they lie."""
    return hashlib.sha256("".join(f"{name}\n" for name in names).encode()).hexdigest()


def same_file_twice(files: Iterable[tuple[str, Path]], where: str) -> None:
    """Raise InputError where two entries of a list mean one file.

    ``files``: (entry, file). ``where``: the list, in words.
    """
    first: dict[Path, str] = {}
    for entry, file in files:
        if file in first:
            both = f"{first[file]!r} twice" if first[file] == entry else f"{first[file]!r} and {entry!r}"
            raise InputError(
                f"expected every picture once in {where}, it lists {both}, which are one file, {file.name}"
            )
        first[file] = entry


def _stem(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _refuse(error: OSError) -> None:
    raise InputError(f"expected a folder that can be listed at {error.filename}: {error.strerror}")
