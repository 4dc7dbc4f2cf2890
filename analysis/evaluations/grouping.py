"""A run's rows, grouped by the map they are of: what the summaries of all evaluations start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.saliency import MapKey
from vars_core.readouts import READOUTS

COORDINATES = ("model", "layer", "readout", "iteration")
"""What names a map in a row and in an entry; a baseline has a model alone."""


def rows_of_maps(*columns: tuple[str, pa.DataType]) -> pa.Schema:
    """The schema of rows that name a map, or a baseline by its model alone, with an evaluation's own ``columns``."""
    named = zip(COORDINATES, (pa.string(), pa.string(), pa.string(), pa.int64()), strict=True)
    # The position is that in the list of samples, from 0; a row with an error says nothing else.
    return pa.schema([("position", pa.int64()), ("id", pa.string()), *named, *columns, ("error", pa.string())])


Entry = dict[str, Any]
"""One line of ``summary.json``."""


def entry_of(
    where: Mapping[str, Any], metric: str, value: float, bounds: tuple[float, float] | None, n: int, scale: float = 1.0
) -> Entry:
    """An entry over ``n`` images: of the map or the model that ``where`` names, value and bounds times ``scale``."""
    ci95 = None if bounds is None else [scale * bound for bound in bounds]
    return {**where, "metric": metric, "value": scale * value, "ci95": ci95, "n": n}


def is_plain(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is of the maps and images as they are, not of a part of them (a corruption) or of a blur."""
    return set(entry) <= {*COORDINATES, "metric", "value", "ci95", "n"}


@dataclass(frozen=True, kw_only=True)
class MapGroup:
    """The images one map was scored on, in the order of the samples; n of them.

    ``ids``: n; ``positions``: (n,) in the list of samples; ``degenerate``: how many of the maps were.
    """

    model: str
    layer: str | None
    readout: str | None
    iteration: int | None
    ids: list[str]
    positions: np.ndarray
    degenerate: int

    @property
    def name(self) -> dict[str, Any]:
        """Its coordinates as an entry gives them."""
        return {key: getattr(self, key) for key in COORDINATES}

    @property
    def title(self) -> str:
        """Its coordinates in words."""
        return self.model if self.layer is None else f"{self.model} {self.layer} {self.readout} t={self.iteration}"

    @property
    def signed(self) -> bool:
        """Whether its values lie on both sides of zero; a baseline's do not."""
        return self.readout is not None and READOUTS[self.readout].signed

    def is_among(self, keys: Mapping[str, MapKey]) -> bool:
        """Whether its map is the one chosen of its model; baselines, of which none can be chosen, always are."""
        key = keys.get(self.model)
        return key is None or key == MapKey(str(self.layer), str(self.readout), int(self.iteration or 0))


def rows_by(table: pa.Table, columns: Sequence[str]) -> dict[tuple[Any, ...], list[int]]:
    """Numbers of the rows that share their values in ``columns``, in order of first appearance."""
    indices: dict[tuple[Any, ...], list[int]] = {}
    for row, key in enumerate(zip(*(table[column].to_pylist() for column in columns), strict=True)):
        indices.setdefault(key, []).append(row)
    return indices


def stacked(column: pa.ChunkedArray) -> np.ndarray:
    """A column of equally long lists as float64 (n, length)."""
    flat = pc.list_flatten(column).to_numpy()
    return flat.reshape(len(column), -1).astype(np.float64)


def floats(column: pa.ChunkedArray) -> np.ndarray:
    """float64, null as NaN."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
