"""The pictures that a model may look at, clean and corrupted, in the page's words."""

from __future__ import annotations

from analysis.corruptions import SEVERITIES, TEST, VALIDATION
from analysis.corruptions.apply import check_name, check_severity
from app.library.photographs import Corruption
from vars_core.errors import InputError


def picture_words(corruption: Corruption | None) -> str:
    """What a picture is: "clean" or "fog, severity 3"."""
    return "clean" if corruption is None else f"{words(corruption.name)}, severity {corruption.severity}"


def words(name: str) -> str:
    """ "gaussian_noise" -> "gaussian noise"."""
    return name.replace("_", " ")


CHOICES = [(words(name), name) for name in TEST] + [(f"{words(name)} (validation)", name) for name in VALIDATION]
"""What the page offers: the benchmark's fifteen, then the four held out for tuning."""


def checked(name: str, severity: float, seed: float | None) -> Corruption:
    """A corruption from what a visitor sent. Raises InputError."""
    check_name(name)
    whole = int(severity) if float(severity).is_integer() else severity
    check_severity(whole)
    if seed is None or not float(seed).is_integer() or not 0 <= seed < 2**31:
        raise InputError(f"expected a seed 0..2147483647, got {seed}")
    return Corruption(name, int(whole), int(seed))


def severities(corruption: Corruption) -> list[Corruption]:
    """The corruption at each of its five severities."""
    return [Corruption(corruption.name, severity, corruption.seed) for severity in SEVERITIES]
