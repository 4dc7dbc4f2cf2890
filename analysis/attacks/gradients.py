"""Does the gradient that an attack follows point where the model goes? Finite differences in double precision."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from analysis.attacks.goals import Untargeted
from analysis.attacks.pgd import loss_and_gradient
from analysis.attacks.pixels import pixel_logits
from vars_core.dictionaries import DenseDictionary
from vars_core.mixers.reconstruction import DenseReconstruction
from vars_core.models.base import VisionModel
from vars_core.tokens import Grid

STEP = 1e-6
"""Length of a finite difference in pixels: below it rounding grows, above it codes cross the kinks of the shrinkage."""


@dataclass(frozen=True)
class GradientCheck:
    """How the gradient of the cross-entropy in the pixels compares with central differences along random directions.

    ``error``: ‖difference‖ / ‖finite differences‖ over images and directions, for the gradient with everything in it.
    ``attack_error``: the same for the gradient that training and attacks follow, in which L, the bound on the
    eigenvalues of PᵀP, is a constant though it depends on the image in VARS-D and VARS-SD.
    ``cosine``: between those two gradients, the mean over images; 1 for models whose L does not depend on the image.
    """

    error: float
    attack_error: float
    cosine: float


def gradient_check(
    model: VisionModel, images: Tensor, labels: Tensor, *, num_directions: int = 4, seed: int = 0
) -> GradientCheck:
    """Check the gradient through the unrolled layers of a copy of ``model`` in float64.

    ``images`` (B, 3, H, W) in [0, 1], ``labels`` (B,). Directions are unit vectors, their values normal draws. The
    model itself is left as it is.
    """
    goal = Untargeted(labels.cpu())
    points = images.detach().cpu().double()
    logits = pixel_logits(_in_double(copy.deepcopy(model)))
    whole = pixel_logits(_in_double(with_gradient_through_bounds(model)))
    _, followed = loss_and_gradient(logits, points, goal)
    _, full = loss_and_gradient(whole, points, goal)
    draw = torch.Generator().manual_seed(seed)
    slopes, along_full, along_followed = [], [], []
    for _ in range(num_directions):
        direction = torch.randn(points.shape, generator=draw, dtype=points.dtype)
        direction /= direction.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
        with torch.no_grad():
            ahead, behind = (goal.loss(logits(points + sign * STEP * direction)) for sign in (1, -1))
        slopes.append((ahead - behind) / (2 * STEP))
        along_full.append((full * direction).flatten(1).sum(1))
        along_followed.append((followed * direction).flatten(1).sum(1))
    return GradientCheck(
        error=_relative_error(along_full, slopes),
        attack_error=_relative_error(along_followed, slopes),
        cosine=float(nn.functional.cosine_similarity(full.flatten(1), followed.flatten(1)).mean()),
    )


def with_gradient_through_bounds(model: VisionModel) -> VisionModel:
    """A copy of ``model`` with the same logits, whose L carries a gradient too: what an adaptive attack follows."""
    copied = copy.deepcopy(model)
    for module in copied.modules():
        if isinstance(module, DenseReconstruction):
            module.dictionary = _DifferentiableBounds(module.dictionary)  # type: ignore[assignment]  # wraps it
    return copied


class _DifferentiableBounds(nn.Module):
    """Makes a layer's dictionary as ``made_by`` does, with bounds that have gradients."""

    def __init__(self, made_by: nn.Module) -> None:
        super().__init__()
        self.made_by = made_by

    def forward(self, q: Tensor, grid: Grid) -> DenseDictionary:
        made: DenseDictionary = self.made_by(q, grid)
        return _WithGradient(made.atoms, made.num_static)


class _WithGradient(DenseDictionary):
    def largest_eigenvalue(self) -> Tensor:
        return torch.linalg.eigvalsh(self.atoms.transpose(-2, -1) @ self.atoms)[..., -1, None, None]

    def row_sum_bound(self) -> Tensor:
        gram = self.atoms.transpose(-2, -1) @ self.atoms
        return torch.linalg.vector_norm(gram, ord=1, dim=-1).amax(-1)[..., None, None] + 1


def _in_double(model: VisionModel) -> VisionModel:
    return model.cpu().double().requires_grad_(False)


def _relative_error(measured: list[Tensor], expected: list[Tensor]) -> float:
    truth = torch.stack(expected)
    return float((torch.stack(measured) - truth).norm() / truth.norm())
