"""One map of one picture, the last iterate's: the least that a film asks of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.inference.traced import ModelFacts, check_readout

if TYPE_CHECKING:
    from torch import Tensor

    from vars_core.backend import Backend


@dataclass(frozen=True)
class FrameMap:
    """``map`` float32 (h, w) of ``layer``."""

    model: ModelFacts
    layer: str
    map: np.ndarray


@dataclass(frozen=True)
class LastMap:
    """The task: one readout of one layer. Raises InputError for a layer that is not there."""

    layer: str
    readout: str

    def __post_init__(self) -> None:
        check_readout(self.readout)

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[FrameMap]:
        last = backend.trace(batch, (self.readout,), [self.layer])[self.layer].maps[self.readout][-1]
        return [FrameMap(facts, self.layer, one.numpy().copy()) for one in last]
