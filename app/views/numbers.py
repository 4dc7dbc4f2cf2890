"""Numbers as people read them, and as they come from a page or a link."""

from __future__ import annotations


def whole(text: str | None) -> int | None:
    """A number from 0 as text, of at most nine digits; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def written(value: float | None, digits: int = 3) -> str:
    """With a real minus sign; "–" for what is no number."""
    return "–" if value is None or value != value else f"{value:.{digits}f}".replace("-", "−")
