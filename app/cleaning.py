"""The server's temporary folder: made anew for each process, swept while it runs, gone when it ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
import time
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


def keep_swept(folder: Path, age: float, every: float = 60.0) -> threading.Event:
    """Sweep in a thread until the returned event is set."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every):
            sweep(folder, age)

    threading.Thread(target=run, name="sweep", daemon=True).start()
    return stop
