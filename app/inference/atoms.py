"""The dictionary of one layer for one picture: plain arrays, small enough to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.inference.traced import ModelFacts

if TYPE_CHECKING:
    from torch import Tensor

    from vars_core.backend import Backend


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


@dataclass(frozen=True)
class DictionaryOf:
    """The task: the dictionary of one layer. Raises InputError for a layer that is not there or has none."""

    layer: str

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[LayerAtoms]:
        dictionary = backend.trace(batch, (), [self.layer], dictionary=True)[self.layer].dictionary
        assert dictionary is not None
        return [
            LayerAtoms(
                model=facts,
                layer=self.layer,
                atoms=dictionary.atoms[i].numpy().copy(),
                num_dynamic=dictionary.num_dynamic,
                use=dictionary.use[:, i].numpy().copy(),
                active=dictionary.active[:, i].numpy().copy(),
            )
            for i in range(len(batch))
        ]
