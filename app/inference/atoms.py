"""The dictionary of one layer for one picture: plain arrays, small enough to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.inference.traced import ModelFacts
from vars_core.errors import InputError

if TYPE_CHECKING:
    from vars_core.trace import Trace


@dataclass(frozen=True)
class LayerAtoms:
    """As `vars_core.dictionary_trace.DictionaryTrace`, of one image; G is the number of heads, for VARS-S of channels.

    ``atoms`` float32 (G, m, h, w), the first ``num_dynamic`` of each group computed from the image; ``use`` and
    ``active`` float32 (T+1, G, m).
    """

    model: ModelFacts
    layer: str
    atoms: np.ndarray
    num_dynamic: int
    use: np.ndarray
    active: np.ndarray

    @property
    def convolutional(self) -> bool:
        """VARS-S: the one dictionary in which nothing is computed from the image; its groups are channels."""
        return self.num_dynamic == 0

    @property
    def parts(self) -> tuple[str, ...]:
        """Which of "dynamic" and "static" there are."""
        num_static = self.atoms.shape[1] - self.num_dynamic
        return (*(["dynamic"] if self.num_dynamic else []), *(["static"] if num_static else []))

    @property
    def num_steps(self) -> int:
        """T: the index of the last iterate."""
        return len(self.use) - 1


def of_image(trace: Trace, index: int, model: ModelFacts, layer: str) -> LayerAtoms:
    """The part of a batch's trace that belongs to one image, copied so that the batch can be freed."""
    dictionary = trace[layer].dictionary
    if dictionary is None:
        raise InputError(f"expected a trace with the dictionary of layer {layer}, got one without")
    return LayerAtoms(
        model=model,
        layer=layer,
        atoms=dictionary.atoms[index].numpy().copy(),
        num_dynamic=dictionary.num_dynamic,
        use=dictionary.use[:, index].numpy().copy(),
        active=dictionary.active[:, index].numpy().copy(),
    )
