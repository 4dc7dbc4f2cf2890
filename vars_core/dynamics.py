"""The recurrent circuit that VARS unrolls: drive, recurrent inhibition, top-down prediction (paper eq. 5-9)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vars_core.solver import Dictionary, soft_threshold

ALPHA, BETA, GAMMA = 1.0, 2.0, 2.0


@dataclass(frozen=True)
class Path:
    """A simulated path: ``times`` (K,), ``codes`` g(u) and ``reconstructions`` z, one tensor a time."""

    times: Tensor
    codes: list[Tensor]
    reconstructions: list[Tensor]


@torch.no_grad()
def simulate(dictionary: Dictionary, x: Tensor, threshold: float, duration: float = 30.0, dt: float = 0.01) -> Path:
    """Euler steps of dz/dt = −αz + P g(u) + x, du/dt = −βu − γ(PᵀP − I)g(u) + Pᵀz from rest (α = 1, β = γ = 2).

    g is the soft threshold at ``threshold``; the path settles at argmin ½‖Pu − x‖² + 2·threshold·‖u‖₁ (SPEC §1).
    """
    z, u = torch.zeros_like(x), torch.zeros_like(dictionary.encode(x))
    times = torch.arange(0.0, duration, dt)
    codes, reconstructions = [], []
    for _ in times:
        g = soft_threshold(u, threshold)
        combined = dictionary.combine(g)
        dz = -ALPHA * z + dictionary.decode(combined) + x
        du = -BETA * u - GAMMA * (dictionary.gram(combined) - g) + dictionary.encode(z)
        z, u = z + dt * dz, u + dt * du
        codes.append(soft_threshold(u, threshold))
        reconstructions.append(z)
    return Path(times, codes, reconstructions)
