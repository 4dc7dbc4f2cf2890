"""Which state of this project an export was made by."""

from __future__ import annotations

import subprocess
import tomllib
from functools import lru_cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "vars-studio"


@lru_cache(maxsize=1)
def software() -> dict[str, str | None]:
    """Its name and version, and the commit of the checkout; None where there is no checkout."""
    return {"name": NAME, "version": _version(), "commit": _commit()}


def _version() -> str | None:
    stated = ROOT / "pyproject.toml"
    if stated.is_file():
        return str(tomllib.loads(stated.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    if not (ROOT / ".git").exists():
        return None
    asked = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None
