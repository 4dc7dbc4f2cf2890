"""Prints a digest of every corruption of a made picture, the last one first: ``python -m tests.corruptions.digest``."""

from __future__ import annotations

import hashlib

from analysis.corruptions import NAMES, SEVERITIES, corrupt

from .made import made_photograph


def digest(name: str, severity: int) -> str:
    """Of a picture 100 × 130."""
    return hashlib.sha256(corrupt(made_photograph(100, 130), name, severity, "n01_7", 5).tobytes()).hexdigest()


if __name__ == "__main__":
    for name in reversed(NAMES):
        for severity in reversed(SEVERITIES):
            print(name, severity, digest(name, severity))
