"""What the server remembers of a visitor: photographs and results, bounded in number and in bytes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Protocol

SESSION_BYTES = 24_000_000
TOTAL_BYTES = 256_000_000


class Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


class Sessions:
    """``get(session, key)`` and ``put(session, key, value)``; what was not used for longest goes first.

    A key of one session is never found from another one. Without a session (None) nothing is kept.
    """

    def __init__(self, session_bytes: int = SESSION_BYTES, total_bytes: int = TOTAL_BYTES) -> None:
        self._limits = session_bytes, total_bytes
        self._entries: OrderedDict[tuple[str, Hashable], Sized] = OrderedDict()
        self._bytes: dict[str, int] = {}
        self._used: dict[str, float] = {}  # when each session was last asked for or given something
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        with self._lock:
            return sum(self._bytes.values())

    def get(self, session: str | None, key: Hashable) -> Sized | None:
        """The value, or None."""
        if session is None:
            return None
        with self._lock:
            self._touch(session)
            entry = self._entries.get((session, key))
            if entry is not None:
                self._entries.move_to_end((session, key))
            return entry

    def put(self, session: str | None, key: Hashable, value: Sized) -> None:
        """Keep a value, and let go of the oldest ones beyond the bounds."""
        if session is None:
            return
        with self._lock:
            self._remove((session, key))
            self._entries[session, key] = value
            self._bytes[session] = self._bytes.get(session, 0) + value.nbytes
            self._used[session] = time.monotonic()
            session_limit, total_limit = self._limits
            while self._bytes.get(session, 0) > session_limit:
                self._remove(next(entry for entry in self._entries if entry[0] == session))
            while sum(self._bytes.values()) > total_limit:
                self._remove(next(iter(self._entries)))

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
        self._bytes[entry[0]] -= value.nbytes
        if self._bytes[entry[0]] <= 0:
            del self._bytes[entry[0]]
            del self._used[entry[0]]
