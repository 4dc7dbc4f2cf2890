"""What a closer look asks of a model: maps head by head, of one token or of a class, other methods, and curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.inference.traced import ModelFacts, Traced, of_image
from vars_core.targets import ClassLogit, Target

if TYPE_CHECKING:
    from torch import Tensor

    from vars_core.backend import Backend

READOUTS = ("contribution", "gap")
"""Those that are read from a gradient, and so know whose it is."""


@dataclass(frozen=True)
class HeadMaps:
    """What is read from a gradient, head by head: of every token (``target`` None), one token or a class.

    ``layers`` None: every layer. Raises InputError for a token or class that is not there.
    """

    target: Target = None
    layers: tuple[str, ...] | None = None

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[Traced]:
        trace = backend.trace(batch, READOUTS, self.layers, per_head=True, target=self.target)
        return [of_image(trace, i, facts) for i in range(len(batch))]


@dataclass(frozen=True)
class ClassBaselines:
    """Maps (h, w) of other methods for one class, Grad-CAM and gradient × activation; none without captum."""

    layer: str
    index: int

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[dict[str, np.ndarray]]:
        from analysis.class_baselines import CLASS_BASELINES, installed

        if not installed():
            return [{}] * len(batch)
        by_name = {name: method(backend, batch, self.layer, self.index) for name, method in CLASS_BASELINES.items()}
        return [{name: maps[i] for name, maps in by_name.items()} for i in range(len(batch))]


@dataclass(frozen=True)
class Rollout:
    """Attention rollout (h, w) of a ViT of timm's; nothing for other models."""

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[dict[str, np.ndarray]]:
        from vars_core.models.timm import TimmModel
        from vars_core.rollout import attention_rollout

        if not isinstance(backend.model, TimmModel):
            return [{}] * len(batch)
        maps = attention_rollout(backend.model, batch.to(backend.device)).numpy()
        return [{"attention rollout": one} for one in maps]


@dataclass(frozen=True)
class Curves:
    """Deletion and insertion by map ("shown", "centre", "random"): (steps + 1,) each; ``predicted`` the class."""

    predicted: int
    deletion: Mapping[str, np.ndarray]
    insertion: Mapping[str, np.ndarray]


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
