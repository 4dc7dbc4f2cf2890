"""Which maps of a model there are, and their scale (SPEC §5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DEGENERATE_RANGE = 1e-9
"""A map whose range is at most this fraction of its magnitude says nothing."""


@dataclass(frozen=True)
class MapKey:
    """Which map of a model: the layer ("0.9" = stage.block), the readout, the iterate (0 = the solver's start)."""

    layer: str
    readout: str
    iteration: int


@dataclass(frozen=True)
class Reading:
    """Which maps of a model are scored: all iterates of these layers and readouts."""

    layers: tuple[str, ...]
    readouts: tuple[str, ...]


def is_degenerate(saliency_map: np.ndarray) -> bool:
    """Whether a map says nothing: a range of at most 1e-9 of its magnitude, or a value that is not finite (SPEC §5)."""
    low, high = float(saliency_map.min()), float(saliency_map.max())
    finite = bool(np.isfinite(low) and np.isfinite(high))
    return not finite or high - low <= DEGENERATE_RANGE * max(abs(low), abs(high))


def normalise_map(saliency_map: np.ndarray) -> tuple[np.ndarray, bool]:
    """Scale a map to [0, 1] by its own minimum and maximum.

    ``saliency_map``: real, any shape, not empty. Returns the scaled map (float32 stays float32, all else becomes
    float64) and whether it is degenerate: its range is at most 1e-9 of its magnitude, or a value is not finite. A
    degenerate map is all zeros, never NaN.
    """
    given = np.asarray(saliency_map)
    values = given.astype(np.float64)
    kind = given.dtype if given.dtype == np.float32 else np.dtype(np.float64)
    if is_degenerate(values):
        return np.zeros(values.shape, kind), True
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low):  # halving is exact, and the range of the halves is a float again
        values, low, high = values / 2, low / 2, high / 2
    return ((values - low) / (high - low)).astype(kind), False
