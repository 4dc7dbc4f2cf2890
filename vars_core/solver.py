"""Sparse reconstruction by unrolled iteration: u* = argmin ½‖Pu − x‖² + λ‖u‖₁ (paper eq. 10-12, SPEC §1).

One loop, two settings: `Ista` is the paper's, `Lista` the learned variant that the released checkpoints need.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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


def soft_slope(v: Tensor, threshold: Tensor | float) -> Tensor:
    """∂S_t(v)/∂v of `soft_threshold`: 1 outside [−t, t], 0 inside."""
    return (v.abs() > threshold).to(v.dtype)


def gelu_slope(v: Tensor, threshold: Tensor | float) -> Tensor:
    """∂S_t(v)/∂v of `gelu_threshold`, 0 at its jump: with x = |v| − t it is GELU′(x) = Φ(x) + x·φ(x)."""
    x = v.abs() - threshold
    below, density = torch.special.ndtr(x), torch.exp(-x * x / 2) * (2 * math.pi) ** -0.5
    return (below + x * density) * (v != 0)


def drive_as_start(drive: Tensor, threshold: Tensor | float) -> Tensor:
    """u₀ = Pᵀx: the paper's starting point."""
    return drive


def no_slope(drive: Tensor, threshold: Tensor | float) -> Tensor:
    """∂u₀/∂(Pᵀx) of `drive_as_start`."""
    return torch.ones_like(drive)


@dataclass(frozen=True)
class Start:
    """u₀ from the drive Pᵀx and λ, and its slope ∂u₀/∂(Pᵀx)."""

    value: Shrinkage
    slope: Shrinkage

    def __call__(self, drive: Tensor, lam: Tensor | float) -> Tensor:
        return self.value(drive, lam)


AT_DRIVE = Start(drive_as_start, no_slope)
SHRUNK = Start(soft_threshold, soft_slope)


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


class Noted:
    """A shrinkage that notes its slope wherever it is applied."""

    def __init__(self, shrink: Shrinkage, slope: Shrinkage) -> None:
        self.shrink = shrink
        self.slope = slope
        self.slopes: list[Tensor] = []

    def __call__(self, v: Tensor, threshold: Tensor | float) -> Tensor:
        self.slopes.append(self.slope(v, threshold))
        return self.shrink(v, threshold)


def pull_back(
    weights: Tensor, slopes: Sequence[Tensor], gram: Callable[[Tensor], Tensor], bound: Tensor
) -> Iterator[Tensor]:
    """The gradient by the drive of ⟨``weights``, u_t⟩, for t = 0..T: `iterate` backwards, by the chain rule.

    ``weights`` are broadcastable to the codes; ``slopes`` are the start's and those of every step; ``gram``
    is the transpose of what PᵀP did in the steps, from the codes themselves.
    """
    for t in range(len(slopes)):
        back: Tensor = weights
        drive: Tensor | float = 0.0
        for slope in reversed(slopes[1 : t + 1]):
            inner = slope * back
            drive = drive + inner / bound
            back = inner - gram(inner) / bound
        yield drive + slopes[0] * back


class Ista(nn.Module):
    """The paper's solver: soft threshold, L the largest eigenvalue of PᵀP."""

    def __init__(self, lam: float, num_steps: int, start: Start = AT_DRIVE) -> None:
        super().__init__()
        self.lam = lam
        self.num_steps = num_steps
        self.start = start

    def forward(self, drive: Tensor, dictionary: Dictionary) -> Iterator[tuple[Tensor, Tensor]]:
        return self._iterates(drive, dictionary, dictionary.largest_eigenvalue(), soft_threshold)

    def pull_back(self, weights: Tensor, drive: Tensor, dictionary: Dictionary) -> Iterator[Tensor]:
        """The gradient by the drive of ⟨``weights``, u_t⟩, for t = 0..T."""
        bound, noted = dictionary.largest_eigenvalue(), Noted(soft_threshold, soft_slope)
        deque(self._iterates(drive, dictionary, bound, noted), maxlen=0)
        slopes = [self.start.slope(drive, self.lam), *noted.slopes]
        return pull_back(weights, slopes, lambda u: dictionary.gram(dictionary.combine(u)), bound)

    def _iterates(
        self, drive: Tensor, dictionary: Dictionary, bound: Tensor, shrink: Shrinkage
    ) -> Iterator[tuple[Tensor, Tensor]]:
        return iterate(
            drive,
            dictionary.combine,
            dictionary.gram,
            start=self.start(drive, self.lam),
            bound=bound,
            lam=self.lam,
            shrink=shrink,
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
        return self._iterates(drive, dictionary, self._bound(dictionary), gelu_threshold)

    def pull_back(self, weights: Tensor, drive: Tensor, dictionary: Dictionary) -> Iterator[Tensor]:
        """The gradient by the drive of ⟨``weights``, u_t⟩, for t = 0..T."""
        bound, noted = self._bound(dictionary), Noted(gelu_threshold, gelu_slope)
        deque(self._iterates(drive, dictionary, bound, noted), maxlen=0)
        transposed = dictionary.coupled(self.coupling.T)
        return pull_back(weights, noted.slopes, lambda u: transposed(dictionary.combine(u)), bound)

    def _bound(self, dictionary: Dictionary) -> Tensor:
        return dictionary.row_sum_bound() / self.rate_scale

    def _iterates(
        self, drive: Tensor, dictionary: Dictionary, bound: Tensor, shrink: Shrinkage
    ) -> Iterator[tuple[Tensor, Tensor]]:
        lam = self.lam_scale * self.lam
        return iterate(
            drive,
            dictionary.combine,
            dictionary.coupled(self.coupling),
            start=shrink(drive, lam),
            bound=bound,
            lam=lam,
            shrink=shrink,
            num_steps=self.num_steps,
        )


def objective(reconstruction: Tensor, x: Tensor, codes: Tensor, lam: float) -> Tensor:
    """E = ½‖Pu − x‖² + λ‖u‖₁ per image (SPEC §1): float (B,), all other dimensions summed."""
    residual = (reconstruction - x).flatten(1).square().sum(1)
    return residual / 2 + lam * codes.flatten(1).abs().sum(1)
