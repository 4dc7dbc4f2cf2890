"""Passes over the pixels of a photograph, so many at a time as stay in a core's cache while several things are done.

What is made in between is small enough, too, to take memory again that was just let go, instead of asking for more.
"""

from __future__ import annotations

from collections.abc import Iterator

CACHED_BYTES = 1 << 17
"""Of each array, at a time: of some arrays together a core's cache holds that much."""


def stretches(length: int, itemsize: int = 8) -> Iterator[slice]:
    """0..length in order, cut where items of so many bytes make `CACHED_BYTES`; at least one at a time."""
    step = max(1, CACHED_BYTES // itemsize)
    for start in range(0, length, step):
        yield slice(start, min(start + step, length))
