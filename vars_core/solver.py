"""Sparse reconstruction by unrolled iteration: u* = argmin ½‖Pu − x‖² + λ‖u‖₁ (paper eq. 10-12, SPEC §1).

One loop, two settings: `Ista` is the paper's, `Lista` the learned variant that the released checkpoints need.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

OnStep = Callable[[int, Tensor], None]
"""Called with (t, codes u_t) for t = 0..T."""

Shrinkage = Callable[[Tensor, Tensor | float], Tensor]


class Dictionary(Protocol):
    """A linear dictionary P, in the four forms that the solvers and the layers use, and as columns to look at."""

    @property
    def num_dynamic(self) -> int:
        """Of each head's atoms the first so many are computed from the tokens; the others are learned."""

    def encode(self, x: Tensor) -> Tensor:
        """Drive Pᵀx."""

    def gram(self, codes: Tensor) -> Tensor:
        """PᵀPu."""

    def coupled(self, coupling: Tensor) -> Callable[[Tensor], Tensor]:
        """u ↦ K PᵀP K u for a learned coupling K of the atoms."""

    def decode(self, codes: Tensor) -> Tensor:
        """Reconstruction Pu."""

    def columns(self) -> Tensor:
        """The atoms over the tokens, (…, m, N); of a convolution, those whose code stands at the grid's centre."""

    def largest_eigenvalue(self) -> Tensor:
        """Largest eigenvalue of PᵀP, broadcastable to the codes, without gradient."""

    def row_sum_bound(self) -> Tensor:
        """(Largest row sum of |PᵀP|) + 1, broadcastable to the codes, without gradient."""

    def detach(self) -> Dictionary:
        """The same dictionary, cut off from autograd."""

    def remembering(self) -> Dictionary:
        """The same dictionary for one solve, sharing between `decode` and `gram` what both need of the same codes."""


def soft_threshold(v: Tensor, threshold: Tensor | float) -> Tensor:
    """S_t(v) = sgn(v)·max(|v| − t, 0), as what is left of v outside [−t, t]."""
    bound = torch.as_tensor(threshold, dtype=v.dtype, device=v.device)
    return v - torch.clamp(v, -bound, bound)


def gelu_threshold(v: Tensor, threshold: Tensor | float) -> Tensor:
    """S_t(v) = sgn(v)·GELU(|v| − t): the smooth shrinkage of the released models, whose small codes are not zero."""
    return torch.sign(v) * F.gelu(v.abs() - threshold)


def drive_as_start(drive: Tensor, threshold: Tensor | float) -> Tensor:
    """u₀ = Pᵀx: the paper's starting point."""
    return drive


def solve(
    drive: Tensor,
    gram: Callable[[Tensor], Tensor],
    *,
    start: Tensor,
    bound: Tensor,
    lam: Tensor | float,
    shrink: Shrinkage,
    num_steps: int,
    on_step: OnStep | None = None,
) -> Tensor:
    """T steps of u ← S_{λ/L}(u − (PᵀPu − Pᵀx)/L) from ``start``, with ``bound`` L (paper eq. 12).

    ``drive`` and ``start`` have the shape of the codes; ``bound`` broadcasts to it. Returns u_T.
    """
    codes = start
    if on_step is not None:
        on_step(0, codes)
    for step in range(1, num_steps + 1):
        codes = shrink(codes - (gram(codes) - drive) / bound, lam / bound)
        if on_step is not None:
            on_step(step, codes)
    return codes


class Ista(nn.Module):
    """The paper's solver: soft threshold, L the largest eigenvalue of PᵀP."""

    def __init__(self, lam: float, num_steps: int, start: Shrinkage = drive_as_start) -> None:
        super().__init__()
        self.lam = lam
        self.num_steps = num_steps
        self.start = start

    def forward(self, drive: Tensor, dictionary: Dictionary, on_step: OnStep | None = None) -> Tensor:
        return solve(
            drive,
            dictionary.gram,
            start=self.start(drive, self.lam),
            bound=dictionary.largest_eigenvalue(),
            lam=self.lam,
            shrink=soft_threshold,
            num_steps=self.num_steps,
            on_step=on_step,
        )


class Lista(nn.Module):
    """The released models' solver: learned coupling K of the atoms, learned scales of λ and of the rate.

    u ← S_{λ'/L'}(u − (K PᵀP K u − Pᵀx)/L') with λ' = lam_scale·λ and L' = L/rate_scale; K touches the iteration alone.
    """

    def __init__(self, lam: float, num_steps: int, num_atoms: int) -> None:
        super().__init__()
        self.lam = lam
        self.num_steps = num_steps
        self.coupling = nn.Parameter(torch.eye(num_atoms))
        self.lam_scale = nn.Parameter(torch.ones(1))
        self.rate_scale = nn.Parameter(torch.ones(1))

    def forward(self, drive: Tensor, dictionary: Dictionary, on_step: OnStep | None = None) -> Tensor:
        lam = self.lam_scale * self.lam
        return solve(
            drive,
            dictionary.coupled(self.coupling),
            start=gelu_threshold(drive, lam),
            bound=dictionary.row_sum_bound() / self.rate_scale,
            lam=lam,
            shrink=gelu_threshold,
            num_steps=self.num_steps,
            on_step=on_step,
        )


def objective(reconstruction: Tensor, x: Tensor, codes: Tensor, lam: float) -> Tensor:
    """E = ½‖Pu − x‖² + λ‖u‖₁ per image (SPEC §1): float (B,), all other dimensions summed."""
    residual = (reconstruction - x).flatten(1).square().sum(1)
    return residual / 2 + lam * codes.flatten(1).abs().sum(1)
