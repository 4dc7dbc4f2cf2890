"""How a reader says what it found missing, odd or left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Note:
    """Something that was found missing or odd: what it is, and the names of all that it concerns.

    ``fault`` tells what should be repaired (a broken file) from what is merely so (an image not downloaded).
    """

    what: str
    names: tuple[str, ...]
    fault: bool = False

    def sentence(self, shown: int = 5) -> str:
        """ "350 images listed but missing: 1002.jpg, …"."""
        rest = len(self.names) - shown
        more = f" and {rest} more" if rest > 0 else ""
        return f"{self.what}: {len(self.names)} ({', '.join(self.names[:shown])}{more})"


def notes_of(*candidates: tuple[str, Iterable[str], bool]) -> tuple[Note, ...]:
    """Notes of those candidates (what, names, fault) that concern anything."""
    notes = (Note(what, tuple(names), fault) for what, names, fault in candidates)
    return tuple(note for note in notes if note.names)


def left_out(names: Iterable[str]) -> tuple[str, Iterable[str], bool]:
    """The candidate for what a listing left out."""
    return "files and folders of systems and tools left out", names, False


def described(notes: Sequence[Note]) -> list[dict[str, Any]]:
    """What ``run.json`` keeps of notes."""
    return [{"what": note.what, "count": len(note.names), "names": list(note.names)} for note in notes]
