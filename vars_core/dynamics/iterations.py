"""What is unrolled instead of the circuit: ISTA, LISTA, and the single step that is self-attention."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import torch
from torch import Tensor

from vars_core.dynamics.layer import Layer
from vars_core.dynamics.problem import Problem
from vars_core.errors import InputError
from vars_core.solver import Lista, drive_as_start, gelu_threshold, iterate, soft_threshold


@torch.no_grad()
def ista(
    problem: Problem, num_steps: int, *, start: Tensor | None = None, bound: Tensor | float | None = None
) -> list[Tensor]:
    """u_0 … u_T of u ← S_{λ/L}(u − (PᵀPu − Pᵀx)/L) (paper eq. 12).

    ``start`` None: Pᵀx, the paper's. ``bound`` L > 0, None: the largest eigenvalue of PᵀP, for each head. Below half of
    that the steps overshoot and the codes may grow without limit: the list ends where they leave the range of numbers.
    """
    largest = problem.dictionary.largest_eigenvalue()
    chosen = largest if bound is None else torch.as_tensor(bound, dtype=largest.dtype)
    if not bool((chosen > 0).all()):
        raise InputError(f"expected L above 0, got {float(chosen.min())}")
    return finite(
        iterate(
            problem.drive,
            problem.dictionary.combine,
            problem.dictionary.gram,
            start=drive_as_start(problem.drive, problem.lam) if start is None else start,
            bound=chosen,
            lam=problem.lam,
            shrink=soft_threshold,
            num_steps=num_steps,
        )
    )


@torch.no_grad()
def lista(layer: Layer, problem: Problem, num_steps: int) -> list[Tensor]:
    """u_0 … u_T of the layer's learned iteration, u ← S_{λ/L'}(u − (K PᵀP K u − Pᵀx)/L'), S the smooth shrinkage.

    λ is the problem's. Raises InputError for a layer that is solved by ISTA, which has nothing learned.
    """
    solver = layer.solver
    if not isinstance(solver, Lista):
        raise InputError(f"expected a layer whose solver is learned (LISTA), got layer {layer.name}, solved by ISTA")
    drive, dictionary = problem.drive, problem.dictionary
    return finite(
        iterate(
            drive,
            dictionary.combine,
            dictionary.coupled(solver.coupling.to(drive.dtype)),
            start=gelu_threshold(drive, problem.lam),
            bound=dictionary.row_sum_bound() / solver.rate_scale.to(drive.dtype),
            lam=problem.lam,
            shrink=gelu_threshold,
            num_steps=num_steps,
        )
    )


def own_iterates(layer: Layer, problem: Problem, num_steps: int, channels: slice = slice(None)) -> list[Tensor]:
    """u_0 … u_T as the layer computes them: LISTA, or ISTA from the layer's own start, with the problem's λ.

    ``channels``: of a convolution, those that the problem is of.
    """
    if isinstance(layer.solver, Lista):
        return lista(layer, problem, num_steps)
    bound = layer.operator.dictionary.largest_eigenvalue().double()[channels]  # as stored, where the layer stores it
    return ista(problem, num_steps, start=layer.solver.start(problem.drive, problem.lam), bound=bound)


@torch.no_grad()
def attention_step(problem: Problem) -> Tensor:
    """One step from zero without shrinkage and with L = 1: u = Pᵀx, and its PPᵀx is attention (eq. 14-15)."""
    return ista(problem.at(0.0), 1, start=torch.zeros_like(problem.drive), bound=1.0)[-1]


def finite(iterates: Iterable[tuple[Tensor, Tensor]]) -> list[Tensor]:
    """The codes of an iteration, up to the first that are not finite."""
    codes = (u for u, _ in iterates)
    return list(itertools.takewhile(lambda u: bool(u.isfinite().all()), codes))
