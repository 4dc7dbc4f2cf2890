"""Sparse reconstruction by unrolled iteration: u* = argmin ½‖Pu − x‖² + λ‖u‖₁ (paper eq. 10-12, SPEC §1).

One loop, two settings: `Ista` is the paper's, `Lista` the learned variant that the released checkpoints need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Shrinkage = Callable[[Tensor, Tensor | float], Tensor]


class Dictionary(Protocol):
    """A linear dictionary P, in the forms that the solvers and the layers use, and as columns to look at.

    `gram` and `decode` take what `combine` makes of the codes u, the part that PᵀPu and Pu have in common: a solver
    combines every iterate once, and whoever watches it decodes from there.
    """

    @property
    def num_dynamic(self) -> int:
        """Of each head's atoms the first so many are computed from the tokens; the others are learned."""

    def encode(self, x: Tensor) -> Tensor:
        """Drive Pᵀx."""

    def combine(self, codes: Tensor) -> Tensor:
        """Pu in the dictionary's own terms: its spectrum for convolutions, still the codes for dense atoms."""

    def gram(self, combined: Tensor) -> Tensor:
        """PᵀPu."""

    def coupled(self, coupling: Tensor) -> Callable[[Tensor], Tensor]:
        """`gram` with a learned coupling K of the atoms, K PᵀP K u."""

    def decode(self, combined: Tensor) -> Tensor:
        """Reconstruction Pu."""

    def columns(self) -> Tensor:
        """The atoms over the tokens, (…, m, N); of a convolution, those whose code stands at the grid's centre."""

    def largest_eigenvalue(self) -> Tensor:
        """Largest eigenvalue of PᵀP, broadcastable to the codes, without gradient."""

    def row_sum_bound(self) -> Tensor:
        """(Largest row sum of |PᵀP|) + 1, broadcastable to the codes, without gradient."""

    def detach(self) -> Dictionary:
        """The same dictionary, cut off from autograd."""

    def double(self) -> Dictionary:
        """The same dictionary in double precision, cut off from autograd, with L its largest eigenvalue."""

    def only(self, x: Tensor, head: int, channel: int) -> tuple[Dictionary, Tensor]:
        """The dictionary and the x of one head and channel alone; convolutions have no heads, theirs is 0."""


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


def iterate(
    drive: Tensor,
    combine: Callable[[Tensor], Tensor],
    gram: Callable[[Tensor], Tensor],
    *,
    start: Tensor,
    bound: Tensor,
    lam: Tensor | float,
    shrink: Shrinkage,
    num_steps: int,
) -> Iterator[tuple[Tensor, Tensor]]:
    """u_0 = ``start``, u_1, … u_T by u ← S_{λ/L}(u − (PᵀPu − Pᵀx)/L), each with what `combine` makes of it (eq. 12).

    ``drive`` and ``start`` have the shape of the codes; ``bound`` L broadcasts to it. The caller owns the loop.
    """
    codes = start
    for _ in range(num_steps):
        combined = combine(codes)
        yield codes, combined
        codes = shrink(codes - (gram(combined) - drive) / bound, lam / bound)
    yield codes, combine(codes)


class Ista(nn.Module):
    """The paper's solver: soft threshold, L the largest eigenvalue of PᵀP."""

    def __init__(self, lam: float, num_steps: int, start: Shrinkage = drive_as_start) -> None:
        super().__init__()
        self.lam = lam
        self.num_steps = num_steps
        self.start = start

    def forward(self, drive: Tensor, dictionary: Dictionary) -> Iterator[tuple[Tensor, Tensor]]:
        return iterate(
            drive,
            dictionary.combine,
            dictionary.gram,
            start=self.start(drive, self.lam),
            bound=dictionary.largest_eigenvalue(),
            lam=self.lam,
            shrink=soft_threshold,
            num_steps=self.num_steps,
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

    def forward(self, drive: Tensor, dictionary: Dictionary) -> Iterator[tuple[Tensor, Tensor]]:
        lam = self.lam_scale * self.lam
        return iterate(
            drive,
            dictionary.combine,
            dictionary.coupled(self.coupling),
            start=gelu_threshold(drive, lam),
            bound=dictionary.row_sum_bound() / self.rate_scale,
            lam=lam,
            shrink=gelu_threshold,
            num_steps=self.num_steps,
        )


def objective(reconstruction: Tensor, x: Tensor, codes: Tensor, lam: float) -> Tensor:
    """E = ½‖Pu − x‖² + λ‖u‖₁ per image (SPEC §1): float (B,), all other dimensions summed."""
    residual = (reconstruction - x).flatten(1).square().sum(1)
    return residual / 2 + lam * codes.flatten(1).abs().sum(1)
