"""What one model computed for one picture: plain arrays, small enough to keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vars_core import readouts
from vars_core.errors import InputError, check_range, nearest
from vars_core.images import Placement
from vars_core.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor

    from vars_core.trace import LayerTrace, Trace

READOUTS = tuple(reversed(readouts.READOUTS))
"""The readouts as the page offers them: from the block's output inwards."""


@dataclass(frozen=True)
class ModelFacts:
    """What the page says of a model."""

    name: str
    image_size: int
    layers: tuple[str, ...]
    default_layer: str
    default_readout: str
    num_steps: int
    checkpoint_hash: str | None
    covered: int | None = None
    """Pixels a side of the input, from its top left corner, that the model's patches cover; None for all of them."""
    mixer: str = ""
    """The entry of `vars_core.mixers.MIXERS` that its layers are; "" for a model without layers."""
    given: str = ""
    """"NAME=SPEC:FILE" of weights that the server was started with under a name."""

    def placement(self, height: int, width: int) -> Placement:
        """Where the model's input, and its maps in it, lie on a picture of that size, the whole of which it saw."""
        return Placement(height, width, self.image_size, preprocessing=Preprocessing(covered=self.covered))

    @property
    def trained(self) -> bool:
        return self.checkpoint_hash is not None

    def layer_or_default(self, wanted: str | None) -> str:
        """``wanted`` where this model has it, else its default layer."""
        return wanted if wanted in self.layers else self.default_layer


@dataclass(frozen=True)
class LayerMaps:
    """One layer: ``maps[readout]`` float32 (T+1, h, w); ``heads[readout]`` (T+1, H, h, w) where they were asked for.

    Statistics (T+1,), None for a layer without codes and where they were not asked for.
    """

    name: str
    maps: Mapping[str, np.ndarray]
    objective: np.ndarray | None = None
    sparsity: np.ndarray | None = None
    delta: np.ndarray | None = None
    heads: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def grid(self) -> tuple[int, int]:
        height, width = next(iter(self.maps.values())).shape[1:]
        return height, width

    @property
    def num_steps(self) -> int:
        """T: the index of the last iterate."""
        return len(next(iter(self.maps.values()))) - 1

    @property
    def num_heads(self) -> int:
        return next(iter(self.heads.values())).shape[1]

    def map(self, readout: str, iteration: int, head: int | None = None) -> np.ndarray:
        """One raw map (h, w), float32; ``iteration`` past the last one means the last. Raises InputError."""
        if readout not in self.maps:
            raise InputError(f"expected a readout of {' or '.join(self.maps)}, got {readout!r}")
        if head is not None and not 0 <= head < self.num_heads:
            raise InputError(f"expected a head 0..{self.num_heads - 1} of layer {self.name}, got {head}")
        maps = self.maps[readout] if head is None else self.heads[readout][:, head]
        return np.asarray(maps[min(iteration, len(maps) - 1)])


@dataclass(frozen=True)
class Traced:
    """Maps for one picture, of every layer or of some, and the class scores (classes,) before the softmax.

    ``grids``: of every layer, by its name.
    """

    model: ModelFacts
    logits: np.ndarray
    layers: tuple[LayerMaps, ...]
    grids: Mapping[str, tuple[int, int]]

    def layer(self, name: str) -> LayerMaps:
        """The layer of that name; an InputError names the nearest ones."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        if not self.layers:
            raise InputError(f"{self.model.name} has no attention layers: there is no map to show")
        known = [layer.name for layer in self.layers]
        raise InputError(f"{self.model.name} has no layer {name!r}; nearest: {nearest(name, known)}")

    def shown(self, wanted: str | None) -> LayerMaps:
        """The layer ``wanted`` where the model has it, else its default layer. Raises InputError where it has none."""
        return self.layer(self.model.layer_or_default(wanted))

    @property
    def has_dictionary(self) -> bool:
        """Whether the model's layers reconstruct: those, and no others, have an objective."""
        return any(layer.objective is not None for layer in self.layers)

    def map(self, layer: str, readout: str, iteration: int) -> np.ndarray:
        """One raw map (h, w), float32. ``iteration`` past the last iterate means the last one."""
        check_readout(readout)
        check_range("an iteration", iteration, 0)
        return self.layer(layer).map(readout, iteration)


def check_readout(name: str) -> None:
    """Raise InputError unless it is the name of a readout."""
    if name not in READOUTS:
        raise InputError(f"unknown readout {name[:40]!r}: expected one of {', '.join(READOUTS)}")


def of_image(trace: Trace, index: int, model: ModelFacts) -> Traced:
    """The part of a batch's trace that belongs to one image, copied so that the batch can be freed."""
    layers = tuple(_layer(layer, index) for layer in trace.layers)
    return Traced(model, trace.logits[index].numpy().copy(), layers, trace.grids)


def _layer(layer: LayerTrace, index: int) -> LayerMaps:
    def own(values: Tensor) -> np.ndarray:
        return values[:, index].numpy().copy()

    def statistic(values: Tensor | None) -> np.ndarray | None:
        return None if values is None else own(values)

    return LayerMaps(
        layer.name,
        {readout: own(values) for readout, values in layer.maps.items()},
        statistic(layer.objective),
        statistic(layer.sparsity),
        statistic(layer.delta),
        {readout: own(values) for readout, values in layer.head_maps.items()},
    )
