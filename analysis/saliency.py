"""From a traced layer to a map on the source image (SPEC §5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # reading maps needs neither torch nor a model at run time
    from vars_core.images import Placement
    from vars_core.trace import Trace

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


def normalise_map(saliency_map: np.ndarray) -> tuple[np.ndarray, bool]:
    """Scale a map to [0, 1] by its own minimum and maximum.

    Args:
        saliency_map: real, any shape, not empty.

    Returns:
        The scaled map (float32 stays float32, all else becomes float64) and whether it is degenerate: its range is at
        most 1e-9 of its magnitude, or a value is not finite. A degenerate map is all zeros, never NaN.
    """
    given = np.asarray(saliency_map)
    values = given.astype(np.float64)
    kind = given.dtype if given.dtype == np.float32 else np.dtype(np.float64)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        return np.zeros(values.shape, kind), True
    if not np.isfinite(high - low):  # halving is exact, and the range of the halves is a float again
        values, low, high = values / 2, low / 2, high / 2
    if high - low <= DEGENERATE_RANGE * max(abs(low), abs(high)):
        return np.zeros(values.shape, kind), True
    return ((values - low) / (high - low)).astype(kind), False


def read_maps(trace: Trace, layers: Sequence[str], readouts: Sequence[str]) -> Iterator[tuple[MapKey, np.ndarray]]:
    """Every map of a traced batch, iterate by iterate: its key and an array (B, h, w), float32."""
    for layer in layers:
        for readout in readouts:
            iterates = trace[layer].maps[readout].numpy()
            for iteration, maps in enumerate(iterates):
                yield MapKey(layer, readout, iteration), maps


def place_normalised(saliency_map: np.ndarray, placement: Placement) -> tuple[np.ndarray, bool]:
    """A layer's map (h, w), normalised and then placed on the source image: ((height, width) in [0, 1], degenerate)."""
    normalised, degenerate = normalise_map(saliency_map)
    return place(normalised, placement), degenerate


def place(normalised_map: np.ndarray, placement: Placement) -> np.ndarray:
    """A normalised map (h, w) on the source image, float32 (height, width), as ``placement.to_source`` does it.

    Placing is linear and acts on rows and columns independently, so it is two small matrix products: 50 times less work
    than resizing twice, which matters when many maps of one image are scored.
    Interpolation cannot leave [0, 1]; what rounding adds is cut off.
    """
    rows, columns = placement_factors(placement, normalised_map.shape)
    placed: np.ndarray = rows @ normalised_map.astype(np.float32) @ columns.T
    return np.clip(placed, 0.0, 1.0, out=placed)


@lru_cache(maxsize=256)
def placement_factors(placement: Placement, grid: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The matrices (height, h) and (width, w) with ``to_source(map) = rows @ map @ columns.T``.

    They are read off ``to_source`` itself by placing maps that are one along a single row (column), looked at along the
    image's middle column (row), which every policy shows.
    """
    h, w = grid
    rows = [placement.to_source(_stripe(h, w, row=i))[:, placement.width // 2] for i in range(h)]
    columns = [placement.to_source(_stripe(h, w, column=j))[placement.height // 2, :] for j in range(w)]
    return np.stack(rows, axis=1).astype(np.float32), np.stack(columns, axis=1).astype(np.float32)


def _stripe(h: int, w: int, row: int | slice = slice(None), column: int | slice = slice(None)) -> np.ndarray:
    stripe = np.zeros((h, w), np.float32)
    stripe[row, column] = 1.0
    return stripe
