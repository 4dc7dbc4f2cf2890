"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LEFTOVERS = "*.tmp"
"""What a killed process may leave beside the file that it was writing."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place beside ``path`` to write to; what stands there at the end takes the place of ``path`` in one step.

    A reader, and a process that comes after a kill, sees the old file or all of the new one. Where writing fails the
    old one is untouched and nothing is left beside it.
    """
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def flush_to_disk(path: Path) -> None:
    """Wait until a file's content is on the disk, so that a failing machine cannot leave its name without it.

    It takes milliseconds: for what is not made again in less.
    """
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left below ``folder``."""
    for leftover in folder.rglob(LEFTOVERS):
        leftover.unlink(missing_ok=True)
