"""Maps that need no model: what any measurement must be compared with."""

from __future__ import annotations

import numpy as np


def centre_gaussian(height: int, width: int) -> np.ndarray:
    """The centre prior, float64 (height, width) in (0, 1] (SPEC §6).

    exp(−½[((x−(W−1)/2)/(W/4))² + ((y−(H−1)/2)/(H/4))²]), x and y pixel indices.
    """
    x = (np.arange(width) - (width - 1) / 2) / (width / 4)
    y = (np.arange(height) - (height - 1) / 2) / (height / 4)
    return np.exp(-0.5 * (x[None, :] ** 2 + y[:, None] ** 2))
