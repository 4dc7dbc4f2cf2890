"""How far two maps of one layer agree, on the layer's own grid.

On the grid rather than on the photograph, where upsampling would smooth both maps alike and flatter every model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.saliency import is_degenerate, normalise_map

WINDOW = 7
"""Side of the SSIM window in grid cells, where the grid is that large."""


def correlation(saliency_map: np.ndarray, other: np.ndarray) -> float:
    """Pearson's, −1..1, of two maps (h, w); 0 where one of them is degenerate."""
    if is_degenerate(saliency_map) or is_degenerate(other):
        return 0.0
    x, y = (normalise_map(one)[0].astype(np.float64).ravel() for one in (saliency_map, other))
    return float(np.corrcoef(x, y)[0, 1])


def ssim(saliency_map: np.ndarray, other: np.ndarray) -> float:
    """Structural similarity of two maps (h, w), h and w at least 3, each scaled to [0, 1] by its own range.

    Means are taken over 7 × 7 cells (the largest odd square that fits where the grid is smaller).
    """
    from skimage.metrics import structural_similarity

    x, y = (normalise_map(one)[0].astype(np.float64) for one in (saliency_map, other))
    side = min(WINDOW, (min(x.shape) - 1) // 2 * 2 + 1)
    return float(structural_similarity(x, y, win_size=side, data_range=1.0))


@dataclass(frozen=True)
class Agreement:
    """Both measures of two maps; ``degenerate``: one of them is flat, and the correlation is 0 by convention."""

    correlation: float
    ssim: float
    degenerate: bool


def map_agreement(saliency_map: np.ndarray, other: np.ndarray) -> Agreement:
    """Compare two maps (h, w) of one layer."""
    flat = is_degenerate(saliency_map) or is_degenerate(other)
    return Agreement(correlation(saliency_map, other), ssim(saliency_map, other), flat)
