"""What an attack made of one picture, and what the model computes then: plain arrays, small enough to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from app.inference import traced
from app.inference.traced import READOUTS, ModelFacts, Traced
from vars_core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from vars_core.backend import Backend

ATTACKS = {"pgd": "PGD", "fgsm": "FGSM"}
"""What is on offer, and what it is called."""

MAX_EPSILON = 32.0
"""In 1/255; above it no photograph is left."""

MAX_STEPS = 50

IMAGE_ID = "page"
"""Every picture starts from the same draw, so that the others of a batch change nothing."""


@dataclass(frozen=True)
class AttackedPicture:
    """``traced``: of the attacked picture; ``seen`` uint8 (S, S, 3), that picture; ``moved`` float32, what was added,
    in 1/255; ``losses`` (steps + 1,), the cross-entropy of the model's own answer to the clean picture, on the way.
    """

    traced: Traced
    moved: np.ndarray = field(repr=False)
    seen: np.ndarray = field(repr=False)
    losses: np.ndarray


@dataclass(frozen=True)
class AttackWith:
    """The task: move the picture within ±ε so that the model's own answer to it becomes unlikely, and look again.

    ``name`` of `ATTACKS`; ``epsilon`` in 1/255, L∞; ``steps`` of PGD, each ε / 2 as in the paper, from a random start.
    """

    name: str
    epsilon: float
    steps: int = 5

    def __post_init__(self) -> None:
        if self.name not in ATTACKS:
            raise InputError(f"expected an attack of {' or '.join(ATTACKS)}, got {self.name[:40]!r}")
        if not 0 <= self.epsilon <= MAX_EPSILON:
            raise InputError(f"expected an epsilon of 0 to {MAX_EPSILON:g} (in 1/255), got {self.epsilon:g}")
        if not 1 <= self.steps <= MAX_STEPS:
            raise InputError(f"expected 1 to {MAX_STEPS} steps, got {self.steps}")

    @property
    def words(self) -> str:
        """ "PGD, ε = 1/255, 5 steps"."""
        steps = f", {self.steps} step{'s' * (self.steps > 1)}" if self.name == "pgd" else ""
        return f"{ATTACKS[self.name]}, ε = {self.epsilon:g}/255{steps}"

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> Sequence[AttackedPicture]:
        """Raises InputError for a model without classes, or whose logits have no gradients at the pixels."""
        from analysis.attacks import Pgd, Untargeted, fgsm, pixel_logits

        if backend.model.num_classes < 2:
            raise InputError(f"{facts.name} tells no classes apart: there is no answer to attack")
        mean, std = (
            batch.new_tensor(values).view(1, 3, 1, 1)
            for values in (backend.preprocessing.mean, backend.preprocessing.std)
        )
        logits, clean = pixel_logits(backend.model), (batch * std + mean).clamp(0, 1).to(backend.device)
        own = backend.logits(batch).argmax(1).to(backend.device)
        radius = self.epsilon / 255
        attack = fgsm(radius) if self.name == "fgsm" else Pgd(radius, radius / 2, self.steps)
        strongest = attack(logits, clean, Untargeted(own), [IMAGE_ID] * len(batch))
        moved = (255 * (strongest.images - clean)).permute(0, 2, 3, 1).cpu().numpy()
        seen = (255 * strongest.images).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        trace = backend.trace((strongest.images.cpu() - mean) / std, READOUTS, statistics=True)
        losses = strongest.losses.cpu().numpy()
        return [
            AttackedPicture(traced.of_image(trace, i, facts), moved[i].copy(), seen[i].copy(), losses[:, i].copy())
            for i in range(len(batch))
        ]
