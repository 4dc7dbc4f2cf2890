"""The recurrent circuit of the paper: drive, recurrent inhibition, top-down feedback (eq. 5-9, SPEC §1).

    dz/dt = −αz + P g(u) + x                      z: the reconstruction, driven by the input and fed back by the codes
    du/dt = −βu − γ(PᵀP − I) g(u) + Pᵀz           u: the codes' potentials, inhibiting each other where atoms overlap

g is the soft threshold at θ. With α = 1, β = γ = 2 the circuit is a gradient descent on

    F(z, g) = ½‖z − Pg − x‖² + E(g),              E(g) = ½‖Pg − x‖² + 2θ‖g‖₁,

∂F/∂z = −dz/dt and, where a code is not zero, ∂F/∂g = −du/dt: F never rises, and the circuit rests where z = Pg + x and
E is least, which is the layer's problem with λ = 2θ. E itself falls without exception where z keeps up with the codes
(``settled``, the substitution of the appendix, eq. 18-25); with a z of its own pace it may rise while z catches up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vars_core.dynamics.problem import Problem
from vars_core.errors import InputError
from vars_core.solver import soft_threshold

ALPHA, BETA, GAMMA = 1.0, 2.0, 2.0

EXPLICIT_METHODS = ("RK45", "RK23", "DOP853")
IMPLICIT_METHODS = ("LSODA", "BDF", "Radau")
"""SciPy's adaptive solvers; the implicit ones build a Jacobian of states × states."""

LARGEST_IMPLICIT = 4000
"""States up to which a Jacobian is built (128 MB)."""


class State(NamedTuple):
    """The circuit at ``time``: z like x, potentials u like the codes, and the codes g(u)."""

    time: float
    z: Tensor
    u: Tensor
    codes: Tensor


@dataclass(frozen=True)
class Circuit:
    """The circuit on a layer's dictionary and input; θ = λ/2 of the problem, so that both mean the same optimum.

    ``settled``: z is always where it would come to rest, (P g(u) + x)/α, instead of following with its own pace.
    """

    problem: Problem
    alpha: float = ALPHA
    beta: float = BETA
    gamma: float = GAMMA
    settled: bool = False

    def __post_init__(self) -> None:
        if not (self.alpha > 0 and self.beta > 0 and self.gamma >= 0):
            raise InputError(f"expected α > 0, β > 0, γ ≥ 0, got {self.alpha}, {self.beta}, {self.gamma}")

    @property
    def threshold(self) -> float:
        """θ."""
        return self.problem.lam / 2

    def activity(self, u: Tensor) -> Tensor:
        """The codes g(u)."""
        return soft_threshold(u, self.threshold)

    def rest(self) -> State:
        """Before the input: everything zero (a settled z is x/α at once)."""
        u = torch.zeros_like(self.problem.drive)
        return State(0.0, self.resting_z(u) if self.settled else torch.zeros_like(self.problem.x), u, u)

    def resting_z(self, codes: Tensor) -> Tensor:
        """z where dz/dt = 0: (Pg + x)/α."""
        return (self.problem.reconstruct(codes) + self.problem.x) / self.alpha

    def rates(self, z: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        """(dz/dt, du/dt). A settled z is replaced by its place of rest, and has no rate."""
        dictionary, x = self.problem.dictionary, self.problem.x
        codes = self.activity(u)
        combined = dictionary.combine(codes)
        feedback = dictionary.decode(combined) + x
        if self.settled:
            z = feedback / self.alpha
        dz = torch.zeros_like(z) if self.settled else feedback - self.alpha * z
        du = -self.beta * u - self.gamma * (dictionary.gram(combined) - codes) + dictionary.encode(z)
        return dz, du

    def state(self, time: float, z: Tensor, u: Tensor) -> State:
        codes = self.activity(u)
        return State(time, self.resting_z(codes) if self.settled else z, u, codes)

    def energy(self, state: State) -> Tensor:
        """F per image, (B,): for α = 1, β = γ = 2 it never rises; with a settled z it is E."""
        residual = state.z - self.problem.reconstruct(state.codes) - self.problem.x
        return residual.flatten(1).square().sum(1) / 2 + self.problem.objective(state.codes)

    def stable_step(self) -> float:
        """A step that Euler's method can take without overshooting: 1/(α + β + γL), L the largest eigenvalue of PᵀP."""
        largest = float(self.problem.dictionary.largest_eigenvalue().max())
        return 1 / (self.alpha + self.beta + self.gamma * largest)


@torch.no_grad()
def euler(circuit: Circuit, dt: float | None = None, start: State | None = None) -> Iterator[State]:
    """The start (rest by default), then explicit Euler steps of ``dt`` (None: `Circuit.stable_step`), without end."""
    step = circuit.stable_step() if dt is None else dt
    if not step > 0:
        raise InputError(f"expected a step dt above 0, got {step}")
    state = circuit.rest() if start is None else start
    while True:
        yield state
        dz, du = circuit.rates(state.z, state.u)
        state = circuit.state(state.time + step, state.z + step * dz, state.u + step * du)


@torch.no_grad()
def adaptive(
    circuit: Circuit,
    times: Sequence[float],
    method: str = "RK45",
    *,
    rtol: float = 1e-6,
    atol: float = 1e-9,
) -> list[State]:
    """The states at ``times`` (rising, from 0), from rest, by SciPy's ``solve_ivp``, which chooses its own steps."""
    from scipy.integrate import solve_ivp

    start = circuit.rest()
    size, num_z = start.z.numel() + start.u.numel(), start.z.numel()
    if method not in EXPLICIT_METHODS + IMPLICIT_METHODS:
        raise InputError(f"expected one of {', '.join(EXPLICIT_METHODS + IMPLICIT_METHODS)}, got {method!r}")
    if method in IMPLICIT_METHODS and size > LARGEST_IMPLICIT:
        raise InputError(
            f"expected at most {LARGEST_IMPLICIT:,} states for {method}, which builds a Jacobian, got {size:,}: "
            f"use {', '.join(EXPLICIT_METHODS)}"
        )
    if list(times) != sorted(times) or not times or times[0] < 0:
        raise InputError("expected times that rise from 0")

    def unpack(packed: np.ndarray) -> tuple[Tensor, Tensor]:
        values = torch.from_numpy(np.ascontiguousarray(packed)).to(start.u)
        return values[:num_z].view_as(start.z), values[num_z:].view_as(start.u)

    def derivative(time: float, packed: np.ndarray) -> np.ndarray:
        return np.concatenate([rate.flatten().numpy() for rate in circuit.rates(*unpack(packed))])

    first = np.concatenate([start.z.flatten().numpy(), start.u.flatten().numpy()]).astype(np.float64)
    solution = solve_ivp(derivative, (0.0, float(times[-1])), first, method, t_eval=times, rtol=rtol, atol=atol)
    if not solution.success:
        raise InputError(f"{method} gave up: {solution.message}")
    return [circuit.state(float(t), *unpack(solution.y[:, k])) for k, t in enumerate(solution.t)]
