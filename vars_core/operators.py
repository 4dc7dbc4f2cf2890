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

    def iterates(self, v: Tensor) -> Iterates:
        """Every (z_t, u_t), in order."""

    def detach(self) -> Operator: ...


class LinearMixing:
    """A linear map of the tokens, such as v ↦ Av with an attention matrix A: one iterate, no codes."""

    lam: float | None = None
    dictionary: Dictionary | None = None

    def __init__(self, apply: Callable[[Tensor], Tensor]) -> None:
        self.apply = apply

    def __call__(self, v: Tensor) -> Tensor:
        return self.apply(v)

    def iterates(self, v: Tensor) -> Iterates:
        yield self.apply(v), None

    def detach(self) -> LinearMixing:
        return self


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

    def iterates(self, v: Tensor) -> Iterates:
        drive = self.dictionary.encode(v)
        for codes, combined in self.solver(drive, self.dictionary):
            yield self.dictionary.decode(combined), codes

    def detach(self) -> SparseReconstruction:
        return SparseReconstruction(self.dictionary.detach(), self.solver)


class OnGrid:
    """An operator on images (B, C, h, w), applied to tokens (B, 1, N, C)."""

    def __init__(self, operator: Operator, grid: Grid) -> None:
        self.operator = operator
        self.grid = grid

    @property
    def lam(self) -> float | None:
        return self.operator.lam

    @property
    def dictionary(self) -> Dictionary | None:
        return self.operator.dictionary

    def __call__(self, v: Tensor) -> Tensor:
        return to_sequence(self.operator(to_image(join_heads(v), self.grid))).unsqueeze(1)

    def iterates(self, v: Tensor) -> Iterates:
        for z, codes in self.operator.iterates(to_image(join_heads(v), self.grid)):
            yield to_sequence(z).unsqueeze(1), codes

    def detach(self) -> OnGrid:
        return OnGrid(self.operator.detach(), self.grid)


def pooled_gradients(operator: Operator, v: Tensor) -> list[Tensor]:
    """G_t[h,n,c] = ∂(mean_i z_t[h,i,c])/∂v[h,n,c] for every iterate, the dictionary held fixed (SPEC §4 "gap").

    Channels do not mix inside an operator, so one vector-Jacobian product an iterate gives all of G: (B, H, N, d) each.
    """
    with torch.enable_grad():
        v = v.detach().requires_grad_()
        iterates = [z for z, _ in operator.detach().iterates(v)]
        num_tokens = v.shape[-2]
        return [torch.autograd.grad(z.sum() / num_tokens, v, retain_graph=True)[0] for z in iterates]
