"""What a model can be asked about a picture. Requests for one model with equal tasks run as one batch."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from app.inference import atoms, closer, settling, traced
from app.inference.atoms import LayerAtoms
from app.inference.closer import Baselines, Closer, Curves
from app.inference.settling import LayerSettling
from app.inference.traced import READOUTS, ModelFacts, Traced
from vars_core.targets import ClassLogit, Target

if TYPE_CHECKING:
    from torch import Tensor

    from vars_core.backend import Backend
    from vars_core.dynamics import Rates

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
        return [traced.of_image(trace, i, facts) for i in range(len(batch))]


@dataclass(frozen=True)
class ShownMap:
    """The class scores and one readout of one layer, without statistics: what is on the screen first.

    A layer that the model lacks stands for its default layer, None too.
    """

    layer: str | None
    readout: str

    def __post_init__(self) -> None:
        traced.check_readout(self.readout)

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[Traced]:
        trace = backend.trace(batch, (self.readout,), [facts.layer_or_default(self.layer)] if facts.layers else None)
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


@dataclass(frozen=True)
class HeadMaps:
    """What is read from a gradient, head by head: of every token (``target`` None), one token or a class.

    ``layers`` None: every layer. Raises InputError for a token or class that is not there.
    """

    target: Target = None
    layers: tuple[str, ...] | None = None

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[Closer]:
        trace = backend.trace(batch, closer.READOUTS, self.layers, per_head=True, target=self.target)
        return [closer.of_image(trace, i, facts) for i in range(len(batch))]


@dataclass(frozen=True)
class ClassBaselines:
    """Grad-CAM and gradient × activation of a layer's output for one class; nothing without captum."""

    layer: str
    index: int

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[Baselines]:
        from analysis.class_baselines import CLASS_BASELINES, installed

        if not installed():
            return [Baselines({})] * len(batch)
        by_name = {name: method(backend, batch, self.layer, self.index) for name, method in CLASS_BASELINES.items()}
        return [Baselines({name: maps[i] for name, maps in by_name.items()}) for i in range(len(batch))]


@dataclass(frozen=True)
class Rollout:
    """Attention rollout of a ViT of timm's; nothing for other models."""

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[Baselines]:
        from vars_core.models.timm import TimmModel
        from vars_core.rollout import attention_rollout

        if not isinstance(backend.model, TimmModel):
            return [Baselines({})] * len(batch)
        maps = attention_rollout(backend.model, batch.to(backend.device)).numpy()
        return [Baselines({"attention rollout": one}) for one in maps]


@dataclass(frozen=True)
class CurvesOf:
    """Deletion and insertion of one map, and of a centred and a random one, for the class the model predicts."""

    layer: str
    readout: str
    iteration: int
    steps: int
    target: Target = None
    head: int | None = None

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[Curves]:
        from analysis.baselines import centre_gaussian
        from analysis.evaluations.faithfulness import class_probability
        from analysis.metrics.faithfulness import Faithfulness

        per_head = self.head is not None
        trace = backend.trace(batch, (self.readout,), [self.layer], per_head=per_head, target=self.target)
        recorded, answers = trace[self.layer], []
        for i, picture in enumerate(batch):
            predicted = int(trace.logits[i].argmax())
            index = self.target.classes if isinstance(self.target, ClassLogit) else predicted
            assert isinstance(index, int)
            every = (
                recorded.maps[self.readout] if self.head is None else recorded.head_maps[self.readout][:, :, self.head]
            )
            maps = {
                "shown": every[min(self.iteration, len(every) - 1), i].numpy(),
                "centre": centre_gaussian(*recorded.grid),
                "random": np.random.default_rng(0).random(recorded.grid),
            }
            asked = Faithfulness(class_probability(backend, index), picture.numpy(), steps=self.steps)
            by_name = {name: asked.curves(one) for name, one in maps.items()}
            answers.append(
                Curves(
                    index,
                    {name: one.deletion for name, one in by_name.items()},
                    {name: one.insertion for name, one in by_name.items()},
                )
            )
        return answers
