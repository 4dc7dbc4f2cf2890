"""Where the image of a run's row lies among the folders of photographs that the server was started with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from app.library.photographs import picture_in
from vars_core.data.layouts import LAYOUTS
from vars_core.data.listing import PICTURE_SUFFIXES
from vars_core.errors import InputError

SUFFIXES = sorted(PICTURE_SUFFIXES)
"""Endings of images whose rows are named without one."""


def image_refs(facts: Mapping[str, Any], name: str, folders: Mapping[str, Path]) -> list[str]:
    """``data:NAME/path`` of each file that may be the image ``name`` of a run.

    One where the folder that the run was made from lies in a configured one. Otherwise, for a run made elsewhere, one
    for each configured folder that has the file in the same layout.
    """
    layout = LAYOUTS.get(str(facts["settings"].get("layout")))
    if layout is None:
        return []
    stem = f"{layout.photographs}/{name}"
    files = [stem, *(stem + suffix for letters in (str.lower, str.upper) for suffix in map(letters, SUFFIXES))]
    recorded = PurePosixPath(str(facts.get("data", {}).get("folder", "")))
    for label, folder in folders.items():
        root = folder.resolve()
        if recorded.is_relative_to(root.as_posix()):
            inside = recorded.relative_to(root.as_posix())
            return _there(label, root, [(inside / file).as_posix() for file in files])
    return [ref for label, folder in folders.items() for ref in _there(label, folder.resolve(), files)]


def image_ref(facts: Mapping[str, Any], name: str, folders: Mapping[str, Path]) -> str:
    """The one file that is the image ``name`` of a run.

    Raises InputError: no configured folder has it, or several have.
    """
    refs = image_refs(facts, name, folders)
    if len(refs) > 1:
        raise InputError(f"{len(refs)} photographs of this server may be {name!r}: {', '.join(refs)}")
    if not refs:
        raise InputError(f"the photograph {name!r} is in no data folder of this server: start it with --data NAME=DIR")
    return refs[0]


def _there(label: str, root: Path, files: list[str]) -> list[str]:
    """References to the first of some files that is in a folder; none where no file is, or where it leads out."""
    return next(([f"data:{label}/{file}"] for file in files if picture_in(root, file)), [])
