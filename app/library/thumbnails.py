"""Small square pictures to choose photographs by."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analysis.drawing import data_uri
from app.library.photographs import resized

THUMBNAIL_SIDE = 96
"""Pixels a side."""


@dataclass(frozen=True)
class Thumbnail:
    """One to choose. ``picture``: a ``data:`` address, "" for a file that cannot be read; ``title`` is plain text."""

    ref: str
    title: str
    picture: str = field(repr=False)


def squared(image: np.ndarray) -> str:
    """The middle of an image uint8 (h, w, 3), `THUMBNAIL_SIDE` pixels a side, as the ``data:`` address of a JPEG."""
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return data_uri(resized(image[top : top + side, left : left + side], THUMBNAIL_SIDE, THUMBNAIL_SIDE))
