"""How a visitor, a link or a finished run says what the numbers of masks mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vars_core.data.mask_values import MaskValues

JUDGED = "judged"
"""Nobody has said it: the masks are looked at, and the reading is said with its reason."""


def reading_of(text: str | None) -> MaskValues | None:
    """What a control or a parameter names (`MaskValues.parse`); None for `JUDGED` and for nothing.

    Raises InputError: it names no reading.
    """
    return None if text is None or text.strip() in ("", JUDGED) else MaskValues.parse(text)


def recorded(facts: Mapping[str, Any]) -> str | None:
    """The reading of a run by its ``run.json``, as `reading_of` takes it; None for a run without masks."""
    settings = facts["settings"]
    if "mask_values" not in settings:
        return None
    return str(settings["mask_values"]) if facts.get("mask_values_asked") else JUDGED
