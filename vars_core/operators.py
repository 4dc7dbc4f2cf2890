"""What a layer does between its projections: an operator v ↦ z on tokens (B, H, N, d), with every iterate on request.

The traced and the plain call run the same arithmetic, so their results are equal bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from vars_core.solver import Dictionary, Ista, Lista
from vars_core.tokens import Grid, join_heads, to_image, to_sequence

OnIterate = Callable[[int, Tensor, Tensor | None], None]
"""Called with (t, z_t, u_t); u_t is None where the operator has no codes."""


class Operator(Protocol):
    """v ↦ z, both (B, H, N, d); ``lam`` is the weight of ‖u‖₁ in the operator's objective, None where it has none.

    ``dictionary`` is the P that the codes belong to, None where there are no codes.
    """

    @property
    def lam(self) -> float | None: ...

    @property
    def dictionary(self) -> Dictionary | None: ...

    def __call__(self, v: Tensor, on_iterate: OnIterate | None = None) -> Tensor: ...

    def detach(self) -> Operator: ...


class LinearMixing:
    """A linear map of the tokens, such as v ↦ Av with an attention matrix A: one iterate, no codes."""

    lam: float | None = None
    dictionary: Dictionary | None = None

    def __init__(self, apply: Callable[[Tensor], Tensor]) -> None:
        self.apply = apply

    def __call__(self, v: Tensor, on_iterate: OnIterate | None = None) -> Tensor:
        z = self.apply(v)
        if on_iterate is not None:
            on_iterate(0, z, None)
        return z

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

    def __call__(self, v: Tensor, on_iterate: OnIterate | None = None) -> Tensor:
        drive = self.dictionary.encode(v)
        if on_iterate is None:
            return self.dictionary.decode(self.solver(drive, self.dictionary))
        dictionary = self.dictionary.remembering()
        iterates: list[Tensor] = []

        def on_step(t: int, codes: Tensor) -> None:
            iterates[:] = [dictionary.decode(codes)]
            on_iterate(t, iterates[0], codes)

        self.solver(drive, dictionary, on_step)
        return iterates[0]

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

    def __call__(self, v: Tensor, on_iterate: OnIterate | None = None) -> Tensor:
        as_tokens = None
        if on_iterate is not None:

            def as_tokens(t: int, z: Tensor, u: Tensor | None) -> None:
                on_iterate(t, to_sequence(z).unsqueeze(1), u)

        z = self.operator(to_image(join_heads(v), self.grid), as_tokens)
        return to_sequence(z).unsqueeze(1)

    def detach(self) -> OnGrid:
        return OnGrid(self.operator.detach(), self.grid)


def pooled_gradients(operator: Operator, v: Tensor) -> list[Tensor]:
    """G_t[h,n,c] = ∂(mean_i z_t[h,i,c])/∂v[h,n,c] for every iterate, the dictionary held fixed (SPEC §4 "gap").

    Channels do not mix inside an operator, so one vector-Jacobian product an iterate gives all of G: (B, H, N, d) each.
    """
    iterates: list[Tensor] = []
    with torch.enable_grad():
        v = v.detach().requires_grad_()
        operator.detach()(v, lambda t, z, u: iterates.append(z))
        num_tokens = v.shape[-2]
        return [torch.autograd.grad(z.sum() / num_tokens, v, retain_graph=True)[0] for z in iterates]
