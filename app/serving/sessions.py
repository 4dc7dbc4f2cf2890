"""What the server remembers of a visitor: photographs and results, bounded in number and in bytes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

R = TypeVar("R")

SESSION_BYTES = 24_000_000
TOTAL_BYTES = 256_000_000


def size_of(value: object) -> int:
    """Bytes that a value keeps in memory: its ``nbytes`` where it states them, else those of all that it holds."""
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(size_of, value.values()))
    if isinstance(value, tuple | list):
        return sum(map(size_of, value))
    return sum(size_of(getattr(value, part.name)) for part in fields(value)) if is_dataclass(value) else 0


class Sessions:
    """``get(session, key)`` and ``put(session, key, value)``; what was not used for longest goes first.

    A key of one session is never found from another one. Without a session (None) nothing is kept.
    """

    def __init__(self, session_bytes: int = SESSION_BYTES, total_bytes: int = TOTAL_BYTES) -> None:
        self._limits = session_bytes, total_bytes
        self._entries: OrderedDict[tuple[str, Hashable], Any] = OrderedDict()
        self._bytes: dict[str, int] = {}
        self._used: dict[str, float] = {}  # when each session was last asked for or given something
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        with self._lock:
            return sum(self._bytes.values())

    def get(self, session: str | None, key: Hashable) -> Any | None:
        """The value, or None."""
        if session is None:
            return None
        with self._lock:
            self._touch(session)
            entry = self._entries.get((session, key))
            if entry is not None:
                self._entries.move_to_end((session, key))
            return entry

    def put(self, session: str | None, key: Hashable, value: object) -> None:
        """Keep a value, and let go of the oldest ones beyond the bounds."""
        if session is None:
            return
        with self._lock:
            self._remove((session, key))
            self._entries[session, key] = value
            self._bytes[session] = self._bytes.get(session, 0) + size_of(value)
            self._used[session] = time.monotonic()
            session_limit, total_limit = self._limits
            while self._bytes.get(session, 0) > session_limit:
                self._remove(next(entry for entry in self._entries if entry[0] == session))
            while sum(self._bytes.values()) > total_limit:
                self._remove(next(iter(self._entries)))

    def kept(self, session: str | None, key: Hashable, make: Callable[[], R]) -> R:
        """The value; where there is none, what ``make`` gives, which is kept."""
        value: R | None = self.get(session, key)
        if value is None:
            value = make()
            self.put(session, key, value)
        return value

    def forget(self, session: str | None) -> None:
        """Drop everything of a visitor who left."""
        with self._lock:
            self._forget(lambda owner: owner == session)

    def forget_unused(self, age: float, now: float | None = None) -> None:
        """Drop everything of visitors who asked for nothing in the last ``age`` seconds; ``now``: time.monotonic()."""
        limit = (time.monotonic() if now is None else now) - age
        with self._lock:
            self._forget(lambda owner: self._used[owner] < limit)

    def _forget(self, leaving: Callable[[str], bool]) -> None:
        owners = {owner for owner in self._bytes if leaving(owner)}
        for entry in [entry for entry in self._entries if entry[0] in owners]:
            self._remove(entry)

    def _touch(self, session: str) -> None:
        if session in self._used:
            self._used[session] = time.monotonic()

    def _remove(self, entry: tuple[str, Hashable]) -> None:
        value = self._entries.pop(entry, None)
        if value is None:
            return
        self._bytes[entry[0]] -= size_of(value)
        if self._bytes[entry[0]] <= 0:
            del self._bytes[entry[0]]
            del self._used[entry[0]]
