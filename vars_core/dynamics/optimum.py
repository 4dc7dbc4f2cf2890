"""The optimum of a layer's problem, found to a stated gap, as the mark that every way to it is measured against."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vars_core.dynamics.problem import Problem
from vars_core.solver import soft_threshold

TOLERANCE = 1e-8
CHECK_EVERY = 20


@dataclass(frozen=True)
class Optimum:
    """``codes`` u*, ``objective`` E(u*), (B,), and how good it is.

    ``gap`` (B,): E(u*) less a lower bound on E (the dual objective at a feasible point), relative to E(0) = ½‖x‖².
    ``violation`` (B,): the largest violation of the optimality condition |Pᵀ(x − Pu)| ≤ λ, with equality and the
    code's sign where a code is not zero; relative to the largest drive |Pᵀx|. ``converged``: the one that decides
    (the gap; for λ = 0, where the gap's bound is empty, the violation) is at most the tolerance for every image.
    """

    codes: Tensor
    objective: Tensor
    gap: Tensor
    violation: Tensor
    num_steps: int
    converged: bool


@torch.no_grad()
def lasso(problem: Problem, tolerance: float = TOLERANCE, max_steps: int = 50_000) -> Optimum:
    """argmin ½‖Pu − x‖² + λ‖u‖₁ by FISTA (Beck and Teboulle 2009), its momentum restarted where it points uphill
    (O'Donoghue and Candès 2015). In double precision; the dictionary must be (`Dictionary.double`)."""
    dictionary, lam = problem.dictionary, problem.lam
    drive, bound = problem.drive, dictionary.largest_eigenvalue() * (1 + 1e-6)
    per_image = (-1, *[1] * (drive.ndim - 1))
    codes = ahead = torch.zeros_like(drive)
    momentum = torch.ones(len(drive), dtype=drive.dtype)
    step = 0
    while True:
        if step % CHECK_EVERY == 0 or step == max_steps:
            gap, violation = certificates(problem, codes, drive)
            converged = bool(((gap if lam > 0 else violation) <= tolerance).all())
            if converged or step == max_steps:
                return Optimum(codes, problem.objective(codes), gap, violation, step, converged)
        step += 1
        following = soft_threshold(ahead - (problem.gram(ahead) - drive) / bound, lam / bound)
        moved = following - codes
        uphill = ((ahead - following) * moved).flatten(1).sum(1) > 0
        momentum = momentum.where(~uphill, torch.ones_like(momentum))
        grown = (1 + (1 + 4 * momentum.square()).sqrt()) / 2
        weight = ((momentum - 1) / grown).where(~uphill, torch.zeros_like(momentum))
        ahead = following + weight.view(per_image) * moved
        codes, momentum = following, grown


def certificates(problem: Problem, codes: Tensor, drive: Tensor) -> tuple[Tensor, Tensor]:
    """(gap, violation) of `Optimum` for any codes."""
    lam = problem.lam
    residual = problem.x - problem.reconstruct(codes)
    correlation = problem.dictionary.encode(residual)
    largest = correlation.abs().flatten(1).amax(1)
    scale = torch.clamp(lam / largest.clamp_min(1e-300), max=1.0)
    per_image = (-1, *[1] * (residual.ndim - 1))
    feasible = residual * scale.view(per_image)
    energy_of_x = problem.x.flatten(1).square().sum(1) / 2
    lower = energy_of_x - (problem.x - feasible).flatten(1).square().sum(1) / 2
    gap = (problem.objective(codes) - lower) / energy_of_x.clamp_min(1e-300)
    active = codes != 0
    wrong = torch.where(active, (correlation - lam * codes.sign()).abs(), (correlation.abs() - lam).clamp_min(0))
    largest_drive = drive.abs().flatten(1).amax(1).clamp_min(1e-300)
    return gap, wrong.flatten(1).amax(1) / largest_drive
