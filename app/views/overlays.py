"""Small things that several views share: scales, files."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


def shared_limits(maps: Sequence[np.ndarray]) -> tuple[float, float]:
    """The lowest and the highest value of several maps."""
    return min(float(one.min()) for one in maps), max(float(one.max()) for one in maps)


def png(picture: np.ndarray) -> bytes:
    """The picture as a PNG file."""
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return encoded.tobytes()
