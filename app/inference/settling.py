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


def of_batch(
    backend: Backend, batch: Tensor, model: ModelFacts, layer: str, head: int, channel: int, rates: Rates
) -> list[LayerSettling]:
    """Each picture of a batch by itself: a dynamic dictionary is made of its own tokens.

    Raises InputError for a layer that is not there or has no dictionary, and for a head or channel that is not there.
    """
    from analysis.dynamics_table import performer_difference
    from vars_core.dynamics import num_groups, read_layer, settle

    answers = []
    for one in batch.to(backend.device).split(1):
        read = read_layer(backend.model, one, layer)
        settling = settle(read, head, channel, rates)
        performer = None if read.convolutional else performer_difference(read)
        place = num_groups(read), read.grid, read.convolutional
        answers.append(LayerSettling(model, layer, head, channel, rates, settling, *place, performer))
    return answers
