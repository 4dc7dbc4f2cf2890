"""What a server that runs for weeks has to tidy: its temporary folder, and the memory that it no longer needs."""

from __future__ import annotations

import atexit
import ctypes
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path


def fresh_folder() -> Path:
    """A folder that only this user can read, removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="vars-studio-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def sweep(folder: Path, age: float, now: float | None = None) -> int:
    """Remove files older than ``age`` seconds, and folders left empty; returns the number of files removed."""
    limit = (time.time() if now is None else now) - age
    removed = 0
    for path in sorted(folder.rglob("*"), reverse=True):  # what is inside a folder comes before it
        try:
            if path.is_dir():
                if path.stat().st_mtime < limit:
                    path.rmdir()
            elif path.stat().st_mtime < limit:
                path.unlink()
                removed += 1
        except OSError:  # in use, not empty, or already gone
            continue
    return removed


def return_memory() -> None:
    """Give freed memory back to the system. The allocator of Linux would keep it, once for each thread."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)
        trim(0)


def repeat(every: float, work: Callable[[], object]) -> threading.Event:
    """Call ``work`` in a thread every so many seconds, until the returned event is set."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every):
            work()

    threading.Thread(target=run, name="cleaning", daemon=True).start()
    return stop
