"""What a model can be asked about a picture. Requests for one model with equal tasks run as one batch."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from app.inference.traced import READOUTS, ModelFacts, Traced, check_readout, of_image

if TYPE_CHECKING:
    from torch import Tensor

    from vars_core.backend import Backend

R = TypeVar("R", covariant=True)


class Task(Hashable, Protocol[R]):
    """Runs the model on a prepared batch (B, 3, S, S) and gives one answer an image; compares by value."""

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> Sequence[R]: ...


class PatientTask(Task[R], Protocol[R]):
    """A task that lets others go first: it calls ``before`` between its parts, and what that raises ends it."""

    def __call__(
        self, backend: Backend, batch: Tensor, facts: ModelFacts, before: Callable[[], None] = ...
    ) -> Sequence[R]: ...


@dataclass(frozen=True)
class EveryMap:
    """The class scores and every layer's maps and statistics."""

    def __call__(
        self, backend: Backend, batch: Tensor, facts: ModelFacts, before: Callable[[], None] = lambda: None
    ) -> list[Traced]:
        trace = backend.trace(batch, READOUTS, statistics=True, before=before)
        return [of_image(trace, i, facts) for i in range(len(batch))]


@dataclass(frozen=True)
class ShownMap:
    """The class scores and one readout of one layer, without statistics: what is on the screen first.

    A layer that the model lacks stands for its default layer, None too.
    """

    layer: str | None
    readout: str

    def __post_init__(self) -> None:
        check_readout(self.readout)

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[Traced]:
        trace = backend.trace(batch, (self.readout,), [facts.layer_or_default(self.layer)] if facts.layers else None)
        return [of_image(trace, i, facts) for i in range(len(batch))]
