"""Tables in Markdown, as the commands print them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> Iterator[str]:
    """The lines of a table: its first ``left`` columns stand left, the others, numbers, right."""
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * left + "---:|" * (len(heads) - left)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def with_interval(entry: Mapping[str, Any] | None, digits: int, absent: str = "–") -> str:
    """An entry's value and, where it has one, its interval in brackets."""
    if entry is None or entry["value"] is None:
        return absent
    text = f"{entry['value']:.{digits}f}"
    if not entry["ci95"]:
        return text
    low, high = entry["ci95"]
    return f"{text} [{low:.{digits}f}, {high:.{digits}f}]"
