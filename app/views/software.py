"""Which state of this project an export was made by."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

from vars_core.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
NAME = "vars-studio"


@lru_cache(maxsize=1)
def software() -> dict[str, str | None]:
    """Its name and version, and the commit of the checkout; None where there is no checkout."""
    return {"name": NAME, "version": VERSION, "commit": _commit()}


def _commit() -> str | None:
    if not (ROOT / ".git").exists():
        return None
    asked = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
