"""Attacks along the gradient: projected gradient descent and its single step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from analysis.attacks.attacked import Attacked, PixelLogits, check_batch, generator
from analysis.attacks.balls import ball
from analysis.attacks.goals import Goal
from vars_core.errors import InputError


@dataclass(frozen=True)
class Pgd:
    """Projected gradient descent (Madry et al. 2018; SPEC §9 "PGD"): the defaults are the paper's budget.

    ``epsilon`` and ``alpha``, the length of a step, in units of the pixel range [0, 1]; ``last_alpha``: that of the
    last step, to which they fall by equal differences (long steps find the region, short ones its edge), None for
    steps all alike; ``norm`` "inf" or "2";
    ``random_start`` begins at a uniform draw from the ball, otherwise at the image itself. ``margin_restarts``: every
    second restart descends the goal's margin instead of climbing its loss, which finds other ways out of the class
    (Carlini and Wagner 2017).
    """

    epsilon: float = 1 / 255
    alpha: float = 0.5 / 255
    num_steps: int = 5
    num_restarts: int = 1
    norm: str = "inf"
    random_start: bool = True
    margin_restarts: bool = False
    seed: int = 0
    last_alpha: float | None = None

    def __post_init__(self) -> None:
        ball(self.norm, self.epsilon)
        for length in (self.alpha, self.alpha if self.last_alpha is None else self.last_alpha):
            if not 0 <= length < float("inf"):
                raise InputError(f"expected a step alpha of 0 or more in units of the pixel range, got {length!r}")
        if self.num_steps < 1 or self.num_restarts < 1:
            raise InputError(f"expected at least 1 step and 1 restart, got {self.num_steps} and {self.num_restarts}")
        if self.num_restarts > 1 and not self.random_start:
            raise InputError(f"expected a random start where there are several restarts, got {self.num_restarts}")
        if self.margin_restarts and self.num_restarts == 1:
            raise InputError("expected at least 2 restarts where every second one descends the margin, got 1")

    def __str__(self) -> str:
        """The budget in words: what runs record, and what stands over a column."""
        start = "random start" if self.random_start else "from the image"
        restarts = "" if self.num_restarts == 1 else f", {self.num_restarts} restarts"
        margin = ", every second down the margin" if self.margin_restarts else ""
        norm = "L∞" if self.norm == "inf" else f"L{self.norm}"
        fall = "" if self.last_alpha is None else f" falling to {_of_255(self.last_alpha)}"
        steps = f"{self.num_steps} × {_of_255(self.alpha)}{fall}"
        return f"{norm} ε = {_of_255(self.epsilon)}, {steps}, {start}{restarts}{margin}"

    def at(self, epsilon: float) -> Pgd:
        if self.epsilon == 0:
            raise InputError("expected an attack of an epsilon above 0: steps in proportion to 0 have no length")
        scale = epsilon / self.epsilon
        last = None if self.last_alpha is None else self.last_alpha * scale
        return replace(self, epsilon=epsilon, alpha=self.alpha * scale, last_alpha=last)

    def step_lengths(self) -> list[float]:
        """The length of each step."""
        last = self.alpha if self.last_alpha is None else self.last_alpha
        return [self.alpha + (last - self.alpha) * step / max(1, self.num_steps - 1) for step in range(self.num_steps)]

    def __call__(self, logits: PixelLogits, images: Tensor, goal: Goal, image_ids: Sequence[str]) -> Attacked:
        check_batch(images, goal, image_ids)
        strongest = self._climb(logits, images, goal, image_ids, restart=0)
        for restart in range(1, self.num_restarts):
            standing = (goal.margin(strongest.logits) >= 0).nonzero()[:, 0]
            if not len(standing):
                break
            ids = [image_ids[index] for index in standing.tolist()]
            again = self._climb(logits, images[standing], goal.at(standing), ids, restart)
            strongest = _stronger(strongest, again, standing, goal)
        return strongest

    def _climb(
        self, logits: PixelLogits, images: Tensor, goal: Goal, image_ids: Sequence[str], restart: int
    ) -> Attacked:
        """``num_steps`` steps x ← Π(x + α_k·ascent(∇loss)), or of minus the margin in its restarts."""
        by_margin = self.margin_restarts and restart % 2 == 1
        within = ball(self.norm, self.epsilon)
        points = images
        if self.random_start:
            draws = [
                within.draw(image.shape, generator(image_id, "pgd", self.seed, restart))
                for image, image_id in zip(images, image_ids, strict=True)
            ]
            points = within.project(images + torch.stack(draws).to(images), images) if draws else images
        losses, zero_gradients = [], torch.zeros(len(images), device=images.device)
        for step, length in enumerate(self.step_lengths()):
            loss, gradient = loss_and_gradient(logits, points, goal, by_margin=by_margin)
            if step == 0:
                zero_gradients = (gradient == 0).flatten(1).float().mean(1)
            losses.append(loss)
            points = within.project(points + length * within.ascent(gradient), images)
        with torch.no_grad():
            final = logits(points)
        return Attacked(points, final, torch.stack([*losses, goal.loss(final)]), zero_gradients)


def fgsm(epsilon: float = 1 / 255, norm: str = "inf") -> Pgd:
    """The fast gradient sign method (Goodfellow et al. 2015; SPEC §9 "FGSM"): one step of ε from the image itself."""
    return Pgd(epsilon=epsilon, alpha=epsilon, num_steps=1, norm=norm, random_start=False)


def loss_and_gradient(
    logits: PixelLogits, images: Tensor, goal: Goal, *, by_margin: bool = False
) -> tuple[Tensor, Tensor]:
    """The goal's loss (B,) and its gradient at each image (B, 3, H, W), ``by_margin`` that of minus the margin.

    Raises InputError: there is no gradient.
    """
    with torch.enable_grad():
        points = images.detach().requires_grad_()
        scores = logits(points)
        loss = goal.loss(scores)
        climbed = -goal.margin(scores) if by_margin else loss
        (gradient,) = torch.autograd.grad(climbed.sum(), points, allow_unused=True) if loss.requires_grad else (None,)
    if gradient is None:
        raise InputError(
            "expected a model whose logits have gradients at its pixels, this one's have none: "
            "it can only be attacked by search (square)"
        )
    if not bool(gradient.isfinite().all()):
        raise InputError("expected finite gradients at the pixels, the model's are not: no attack can follow them")
    return loss.detach(), gradient


def _stronger(old: Attacked, again: Attacked, standing: Tensor, goal: Goal) -> Attacked:
    """``old`` with those images replaced, among the ``standing`` ones, that the new restart brought farther."""
    farther = (goal.at(standing).margin(again.logits) < 0) | (again.losses[-1] > old.losses[-1, standing])
    where = standing[farther]

    def merged(stored: Tensor, new: Tensor, dim: int = 0) -> Tensor:
        return stored.index_copy(dim, where, new)

    zero_gradients = old.zero_gradients
    if zero_gradients is not None and again.zero_gradients is not None:
        zero_gradients = merged(zero_gradients, again.zero_gradients[farther])
    return Attacked(
        merged(old.images, again.images[farther]),
        merged(old.logits, again.logits[farther]),
        merged(old.losses, again.losses[:, farther], dim=1),
        zero_gradients,
    )


def _of_255(share: float) -> str:
    """A length in units of the pixel range as it is usually given: 1/255."""
    return f"{255 * share:.6g}/255"
