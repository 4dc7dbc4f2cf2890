"""What a model can be asked about a picture. Requests for one model with equal tasks run as one batch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from app.inference import atoms, settling, traced
from app.inference.atoms import LayerAtoms
from app.inference.settling import LayerSettling
from app.inference.traced import READOUTS, ModelFacts, Traced

if TYPE_CHECKING:
    from torch import Tensor

    from vars_core.backend import Backend
    from vars_core.dynamics import Rates

R = TypeVar("R", covariant=True)


class Task(Hashable, Protocol[R]):
    """Runs the model on a prepared batch (B, 3, S, S) and gives one answer an image; compares by value."""

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> Sequence[R]: ...


@dataclass(frozen=True)
class EveryMap:
    """The class scores and every layer's maps and statistics."""

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[Traced]:
        trace = backend.trace(batch, READOUTS, statistics=True)
        return [traced.of_image(trace, i, facts) for i in range(len(batch))]


@dataclass(frozen=True)
class DictionaryOf:
    """The dictionary of one layer. Raises InputError for a layer that is not there or has none."""

    layer: str

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[LayerAtoms]:
        trace = backend.trace(batch, (), [self.layer], dictionary=True)
        return [atoms.of_image(trace, i, facts, self.layer) for i in range(len(batch))]


@dataclass(frozen=True)
class SettlingOf:
    """How one head of a layer settles. Raises InputError for a layer, head or channel that is not there."""

    layer: str
    head: int
    channel: int
    rates: Rates

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[LayerSettling]:
        return settling.of_batch(backend, batch, facts, self.layer, self.head, self.channel, self.rates)
