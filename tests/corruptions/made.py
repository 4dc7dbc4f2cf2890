"""Made pictures for the corruption tests."""

from __future__ import annotations

import cv2
import numpy as np


def made_photograph(height: int, width: int) -> np.ndarray:
    """Smooth colours, hard edges and fine texture: uint8 (height, width, 3)."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    shades = np.stack([x, y, 1 - (x + y) / 2], axis=-1) * 160 + 40
    texture = np.random.default_rng(7).integers(-30, 31, (height, width, 1))
    picture = np.clip(shades + texture, 0, 255).astype(np.uint8)
    cv2.circle(picture, (width // 2, height // 2), min(height, width) // 4, (230, 40, 30), -1)
    cv2.rectangle(picture, (2, 2), (width // 4, height // 3), (10, 10, 12), -1)
    return picture
