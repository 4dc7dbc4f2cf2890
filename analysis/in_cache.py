"""Passes over the pixels of a photograph, so many at a time as stay in a core's cache while several things are done.

What is made in between is small enough, too, to take memory again that was just let go, instead of asking for more.
"""

from __future__ import annotations

from collections.abc import Iterator

CACHED_PIXELS = 1 << 16
"""At a time, in whatever precision."""


def stretches(length: int, width: int = 1) -> Iterator[slice]:
    """0..length in order, cut where ``width`` pixels each make `CACHED_PIXELS`; at least one at a time."""
    step = max(1, CACHED_PIXELS // width)
    for start in range(0, length, step):
        yield slice(start, min(start + step, length))
