"""One layer's or every layer's maps head by head, of all tokens, of one token or of a class: plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.inference.traced import ModelFacts
from vars_core.errors import InputError, nearest

if TYPE_CHECKING:
    from vars_core.trace import Trace

READOUTS = ("contribution", "gap")
"""Those that are read from a gradient, and so know whose it is."""


@dataclass(frozen=True)
class LayerHeads:
    """``maps[readout]`` float32 (T+1, h, w), ``heads[readout]`` (T+1, H, h, w)."""

    name: str
    maps: Mapping[str, np.ndarray]
    heads: Mapping[str, np.ndarray]

    @property
    def num_heads(self) -> int:
        return next(iter(self.heads.values())).shape[1]

    @property
    def grid(self) -> tuple[int, int]:
        height, width = next(iter(self.maps.values())).shape[1:]
        return height, width

    def map(self, readout: str, iteration: int, head: int | None = None) -> np.ndarray:
        """One raw map (h, w); ``iteration`` past the last one means the last. Raises InputError."""
        if readout not in READOUTS:
            raise InputError(f"expected a readout of {' or '.join(READOUTS)}, got {readout!r}")
        if head is not None and not 0 <= head < self.num_heads:
            raise InputError(f"expected a head 0..{self.num_heads - 1} of layer {self.name}, got {head}")
        maps = self.maps[readout] if head is None else self.heads[readout][:, head]
        return np.asarray(maps[min(iteration, len(maps) - 1)])


@dataclass(frozen=True)
class Closer:
    """The layers that were asked for, of one picture, and the class scores (classes,) before the softmax."""

    model: ModelFacts
    logits: np.ndarray
    layers: tuple[LayerHeads, ...]

    def layer(self, name: str) -> LayerHeads:
        """The layer of that name; an InputError names the nearest ones."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        known = [layer.name for layer in self.layers]
        raise InputError(f"{self.model.name} has no layer {name!r}; nearest: {nearest(name, known)}")


@dataclass(frozen=True)
class Baselines:
    """Maps (h, w) of other methods for one class, by their names; empty where their library is not installed."""

    maps: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Curves:
    """Deletion and insertion by map ("shown", "centre", "random"): (steps + 1,) each; ``predicted`` the class."""

    predicted: int
    deletion: Mapping[str, np.ndarray]
    insertion: Mapping[str, np.ndarray]


def of_image(trace: Trace, index: int, model: ModelFacts) -> Closer:
    """The part of a batch's trace that belongs to one image, copied so that the batch can be freed."""
    layers = tuple(
        LayerHeads(
            layer.name,
            {readout: values[:, index].numpy().copy() for readout, values in layer.maps.items()},
            {readout: values[:, index].numpy().copy() for readout, values in layer.head_maps.items()},
        )
        for layer in trace.layers
    )
    return Closer(model, trace.logits[index].numpy().copy(), layers)
