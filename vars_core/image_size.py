"""The size of a model's input: the side of a square in pixels, or (height, width) of a rectangle."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vars_core.errors import InputError

ImageSize = int | tuple[int, int]
"""Pixels: a side, or (height, width). A square is always given by its side, so that equal sizes are equal values."""

SMALLEST = 16
"""Pixels a side: below this the deepest stem leaves no grid of tokens."""


def checked_size(size: ImageSize) -> ImageSize:
    """``size`` with squares as their side. Raises InputError for a side below `SMALLEST`."""
    height, width = height_and_width(size)
    if min(height, width) < SMALLEST:
        raise InputError(f"image_size must be at least {SMALLEST} pixels a side, got {size_text(size)}")
    return height if height == width else (height, width)


def height_and_width(size: ImageSize) -> tuple[int, int]:
    """(height, width) in pixels."""
    return (size, size) if isinstance(size, int) else size


def stored_size(stored: int | Sequence[int]) -> ImageSize:
    """A size as JSON gives it back, which makes a list of a rectangle's sides."""
    return stored if isinstance(stored, int) else (stored[0], stored[1])


def parse_size(text: str) -> ImageSize:
    """``"224"`` -> 224, ``"224x168"`` (width × height, as cameras say it) -> (168, 224). Raises InputError."""
    match = re.fullmatch(r"(\d{1,5})(?:[x×](\d{1,5}))?", text.strip())
    if match is None:
        raise InputError(f"expected an image size such as 224 or 224x168 (width x height), got {text!r}")
    width = int(match[1])
    return checked_size((int(match[2] or width), width))


def size_text(size: ImageSize) -> str:
    """The inverse of `parse_size`: "224", or "224x168" as width x height."""
    height, width = height_and_width(size)
    return str(height) if height == width else f"{width}x{height}"
