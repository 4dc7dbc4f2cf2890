"""Where weights and lists lie that come with the project: beside the packages, in a checkout as in a wheel."""

from __future__ import annotations

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
