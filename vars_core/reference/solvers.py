"""The unrolled solvers of SPEC §1, line by line, and their derivatives by the chain rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vars_core.reference.arithmetic import gelu
from vars_core.reference.dictionaries import ReferenceDictionary

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Iterates:
    """u_0 … u_T and ∂u_t/∂(what the shrinkage was applied to), each (…, M, n); ``rate`` is 1/L."""

    codes: list[Tensor]
    slopes: list[Tensor]
    rate: Tensor


@dataclass(frozen=True)
class Shrinkage:
    """S_t and its derivative."""

    value: Callable[[Tensor, Tensor], Tensor]
    slope: Callable[[Tensor, Tensor], Tensor]


def gelu_slope(x: Tensor) -> Tensor:
    """d/dx x·Φ(x) = Φ(x) + x·φ(x)."""
    return (1 + torch.erf(x / math.sqrt(2))) / 2 + x * torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


SOFT = Shrinkage(
    value=lambda v, t: torch.sign(v) * torch.clamp(v.abs() - t, min=0),
    slope=lambda v, t: (v.abs() > t).to(v.dtype),
)
SMOOTH = Shrinkage(
    value=lambda v, t: torch.sign(v) * gelu(v.abs() - t),
    slope=lambda v, t: gelu_slope(v.abs() - t),
)


def ista(x: Tensor, dictionary: ReferenceDictionary, lam: float, bound: Tensor, num_steps: int) -> Iterates:
    """The paper's solver (eq. 12) from u₀ = Pᵀx."""
    drive = dictionary.encode(x)
    start = Iterates([drive], [torch.ones_like(drive)], 1 / bound)
    return iterate(start, drive, dictionary.gram, torch.as_tensor(lam), SOFT, num_steps)


def ista_from_shrunk(x: Tensor, dictionary: ReferenceDictionary, lam: float, bound: Tensor, num_steps: int) -> Iterates:
    """VARS-S as released: eq. 12 from u₀ = S_λ(Pᵀx)."""
    drive, threshold = dictionary.encode(x), torch.as_tensor(lam)
    start = Iterates([SOFT.value(drive, threshold)], [SOFT.slope(drive, threshold)], 1 / bound)
    return iterate(start, drive, dictionary.gram, threshold, SOFT, num_steps)


def lista(x: Tensor, dictionary: ReferenceDictionary, lam: Tensor, bound: Tensor, num_steps: int) -> Iterates:
    """Upstream's solver from u₀ = S_λ'(Pᵀx); ``dictionary.gram`` is K PᵀP K, ``lam`` is λ', ``bound`` is L'."""
    drive = dictionary.encode(x)
    start = Iterates([SMOOTH.value(drive, lam)], [SMOOTH.slope(drive, lam)], 1 / bound)
    return iterate(start, drive, dictionary.gram, lam, SMOOTH, num_steps)


def with_coupling(dictionary: ReferenceDictionary, coupling: Tensor) -> ReferenceDictionary:
    """PᵀP replaced by K PᵀP K; K touches the iteration alone."""
    coupled = coupling @ dictionary.gram(coupling)
    return replace(dictionary, gram=lambda u: coupled @ u)


def iterate(start: Iterates, drive: Tensor, gram: Function, lam: Tensor, shrink: Shrinkage, num_steps: int) -> Iterates:
    """u ← S_{λ/L}(u − (PᵀPu − Pᵀx)/L), ``num_steps`` times (eq. 12)."""
    codes, slopes, rate = list(start.codes), list(start.slopes), start.rate
    for _ in range(num_steps):
        u = codes[-1]
        argument = u - rate * (gram(u) - drive)
        codes.append(shrink.value(argument, rate * lam))
        slopes.append(shrink.slope(argument, rate * lam))
    return Iterates(codes, slopes, rate)


def pooled_jacobians(iterates: Iterates, dictionary: ReferenceDictionary, num_tokens: int) -> list[Tensor]:
    """∂(mean_i z_t[i, c])/∂x[j, c] for t = 0..T, each (…, N, n), by the chain rule written out.

    Columns do not mix: u[:, c] depends on x[:, c] alone, with a Jacobian J_t (M × N) of its own, since
    J₀ = S′·Pᵀ and J_t = S′·(J − (PᵀP J − Pᵀ)/L), S′ scaling the rows; then z_t = P u_t. The n Jacobians stand along
    the first axis.
    """
    transpose = dictionary.encode(torch.eye(num_tokens, dtype=iterates.codes[0].dtype))
    slopes = [slope.movedim(-1, 0)[..., None] for slope in iterates.slopes]  # (n, …, M, 1)
    jacobians = [slopes[0] * transpose]  # (n, …, M, N)
    for slope in slopes[1:]:
        before = jacobians[-1]
        jacobians.append(slope * (before - iterates.rate * (dictionary.gram(before) - transpose)))
    return [dictionary.decode(jacobian).mean(-2).movedim(0, -1) for jacobian in jacobians]
