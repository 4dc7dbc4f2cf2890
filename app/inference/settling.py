"""How one head of a layer settles on one picture: plain arrays, small enough to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.inference.traced import ModelFacts

if TYPE_CHECKING:
    from torch import Tensor

    from vars_core.backend import Backend
    from vars_core.dynamics import Rates, Settling


@dataclass(frozen=True)
class LayerSettling:
    """The paths of one head, by the names of `vars_core.dynamics.paths`, and where they are from.

    ``num_heads``: heads of the layer, for a convolution blocks of channels; ``grid``: (h, w) of its tokens;
    ``performer``: see `analysis.dynamics_table.performer_difference`, None for a convolution.
    """

    model: ModelFacts
    layer: str
    head: int
    channel: int
    rates: Rates
    settling: Settling
    num_heads: int
    grid: tuple[int, int]
    convolutional: bool
    performer: float | None


@dataclass(frozen=True)
class SettlingOf:
    """The task: how one head of a layer settles.

    Raises InputError for a layer that is not there or has no dictionary, and for a head or channel that is not there.
    """

    layer: str
    head: int
    channel: int
    rates: Rates

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[LayerSettling]:
        from analysis.dynamics_table import performer_difference
        from vars_core.dynamics import num_groups, read_layer, settle

        answers = []
        for one in batch.to(backend.device).split(1):  # a dynamic dictionary is made of a picture's own tokens
            read = read_layer(backend.model, one, self.layer)
            settling = settle(read, self.head, self.channel, self.rates)
            performer = None if read.convolutional else performer_difference(read)
            asked = self.layer, self.head, self.channel, self.rates
            place = num_groups(read), read.grid, read.convolutional
            answers.append(LayerSettling(facts, *asked, settling, *place, performer))
        return answers
