"""What a layer does between its projections: an operator v ↦ z on tokens (B, H, N, d), or iterate by iterate.

The plain call takes the last of the same iterates, so traced and plain results are equal bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from vars_core.solver import Dictionary, Ista, Lista
from vars_core.tokens import Grid, join_heads, to_image, to_sequence

Iterates = Iterator[tuple[Tensor, Tensor | None]]
"""(z_t, u_t) for t = 0..T; u_t is None where the operator has no codes."""


class Operator(Protocol):
    """v ↦ z, both (B, H, N, d); ``lam`` is the weight of ‖u‖₁ in the operator's objective, None where it has none.

    ``dictionary`` is the P that the codes belong to, None where there are no codes.
    """

    @property
    def lam(self) -> float | None: ...

    @property
    def dictionary(self) -> Dictionary | None: ...

    def __call__(self, v: Tensor) -> Tensor:
        """The last z."""

    def iterates(self, v: Tensor, codes: bool = True) -> Iterates:
        """Every (z_t, u_t), in order; with ``codes`` False u_t may be None to spare its making."""

    def gradients(self, v: Tensor, weights: Tensor) -> list[Tensor]:
        """G_t[h,n,c] = Σ_i w[h,i,c] ∂z_t[h,i,c]/∂v[h,n,c] for every iterate, the dictionary held fixed.

        (B, H, N, d) each, without a graph. ``weights`` w are (B, H, N, d), or (B, H, N, 1) for all channels alike.
        """


class LinearMixing:
    """A linear map of the tokens, such as v ↦ Av with an attention matrix A: one iterate, no codes.

    ``transposed``: w ↦ Aᵀw for w (B, H, N, any); None: found by autograd.
    """

    lam: float | None = None
    dictionary: Dictionary | None = None

    def __init__(self, apply: Callable[[Tensor], Tensor], transposed: Callable[[Tensor], Tensor] | None = None) -> None:
        self.apply = apply
        self.transposed = transposed

    def __call__(self, v: Tensor) -> Tensor:
        return self.apply(v)

    def iterates(self, v: Tensor, codes: bool = True) -> Iterates:
        yield self.apply(v), None

    def gradients(self, v: Tensor, weights: Tensor) -> list[Tensor]:
        if self.transposed is not None:
            with torch.no_grad():
                return [self.transposed(weights).expand_as(v)]
        with torch.enable_grad():
            v = v.detach().requires_grad_()
            z = self.apply(v)
            return [torch.autograd.grad(z, v, weights.detach().to(z.dtype).expand_as(z))[0]]


class SparseReconstruction:
    """z = P·solve(Pᵀv): encode, iterate, decode (SPEC §1)."""

    def __init__(self, dictionary: Dictionary, solver: Ista | Lista) -> None:
        self.dictionary = dictionary
        self.solver = solver

    @property
    def lam(self) -> float:
        return self.solver.lam

    def __call__(self, v: Tensor) -> Tensor:
        drive = self.dictionary.encode(v)
        for _, combined in self.solver(drive, self.dictionary):
            last = combined
        return self.dictionary.decode(last)

    def iterates(self, v: Tensor, codes: bool = True) -> Iterates:
        drive = self.dictionary.encode(v)
        for u, combined in self.solver(drive, self.dictionary):
            yield self.dictionary.decode(combined), u

    @torch.no_grad()
    def gradients(self, v: Tensor, weights: Tensor) -> list[Tensor]:
        """Of z_t = Pu_t by u_t it is Pᵀw; the solver takes it back to the drive, and the drive is Pᵀv."""
        dictionary = self.dictionary
        drives = self.solver.pull_back(dictionary.encode(weights), dictionary.encode(v), dictionary)
        return [dictionary.decode(dictionary.combine(drive)) for drive in drives]


class OnGrid:
    """A reconstruction of images (B, C, h, w), applied to tokens (B, 1, N, C)."""

    def __init__(self, operator: SparseReconstruction, grid: Grid) -> None:
        self.operator = operator
        self.grid = grid

    @property
    def lam(self) -> float:
        return self.operator.lam

    @property
    def dictionary(self) -> Dictionary:
        return self.operator.dictionary

    def __call__(self, v: Tensor) -> Tensor:
        return to_sequence(self.operator(to_image(join_heads(v), self.grid))).unsqueeze(1)

    def iterates(self, v: Tensor, codes: bool = True) -> Iterates:
        for z, u in self.operator.iterates(to_image(join_heads(v), self.grid), codes):
            yield to_sequence(z).unsqueeze(1), u

    def gradients(self, v: Tensor, weights: Tensor) -> list[Tensor]:
        images = (to_image(join_heads(tokens), self.grid) for tokens in (v, weights))
        return [to_sequence(gradient).unsqueeze(1) for gradient in self.operator.gradients(*images)]


def pooled_gradients(operator: Operator, v: Tensor) -> list[Tensor]:
    """G_t[h,n,c] = ∂(mean_i z_t[h,i,c])/∂v[h,n,c] for every iterate, (B, H, N, d) each (SPEC §4 "gap").

    Channels do not mix inside an operator, so one backward pass an iterate gives all of G.
    """
    return operator.gradients(v, torch.full_like(v[..., :1], 1 / v.shape[-2]))
