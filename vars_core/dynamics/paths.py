"""Four ways of one head side by side on one time axis: the circuit, ISTA, the layer's own iteration, attention's step.

A gradient step of ISTA goes 1/L of the way that the circuit's codes go in one unit of its time (eq. 7 beside eq. 12):
frame k of a path is ISTA's step k and the circuit at t = k/L.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vars_core.dictionaries import ConvolutionalDictionary, DenseDictionary
from vars_core.dynamics.circuit import ALPHA, BETA, GAMMA, Circuit, euler
from vars_core.dynamics.iterations import attention_step, finite, ista, own_iterates
from vars_core.dynamics.layer import Layer, layer_problem
from vars_core.dynamics.optimum import Optimum, lasso
from vars_core.dynamics.problem import Problem, distance, sparsity
from vars_core.errors import InputError
from vars_core.solver import Lista

CHANNELS = 16
"""A convolution has no heads: so many channels together stand for one."""

CODES = 48
"""Codes of a channel whose trajectories are kept: those that were strongest in the circuit at any frame."""

TOLERANCE, MAX_STEPS = 1e-6, 1500
"""Of the optimum that paths are measured against; how good it is, is told with it."""


@dataclass(frozen=True)
class Rates:
    """λ as a multiple of the layer's own, ISTA's L as one of the largest eigenvalue, T, and the circuit's rates."""

    lam_factor: float = 1.0
    bound_factor: float = 1.0
    num_steps: int = 20
    alpha: float = ALPHA
    beta: float = BETA
    gamma: float = GAMMA

    def __post_init__(self) -> None:
        if not (self.lam_factor >= 0 and self.bound_factor > 0 and 1 <= self.num_steps <= 100):
            raise InputError(
                f"expected λ × 0 or more, L × above 0 and T of 1..100, got {self.lam_factor}, {self.bound_factor}, "
                f"{self.num_steps}"
            )


@dataclass(frozen=True)
class Path:
    """One way, frame by frame, F ≤ T+1 of them: it ends where it leaves the range of numbers, or stays where it is.

    ``objective`` (F,) E = ½‖Pu − x‖² + λ‖u‖₁ of the head; ``zero`` (F,) the fraction of its codes that are zero;
    ``change`` (F,) ‖u − u before‖, NaN at the start; ``distance`` (F,) ‖u − u*‖/‖u*‖; ``codes`` (F, n) of the channel;
    ``maps`` float32 (F, h, w), ‖z[token]‖ over the head's channels.
    """

    objective: np.ndarray
    zero: np.ndarray
    change: np.ndarray
    distance: np.ndarray
    codes: np.ndarray
    maps: np.ndarray

    @property
    def diverges(self) -> bool:
        """Whether it ends above where it began, or beyond all numbers."""
        end = float(self.objective[-1])
        return not np.isfinite(end) or end > 1.01 * float(self.objective[0])


@dataclass(frozen=True)
class Settling:
    """The paths of one head of one image, and what they are measured against.

    ``lam`` λ; ``largest_eigenvalue`` of PᵀP; ``bound`` the L of ISTA (of channels with eigenvalues of their own, the
    largest); ``optimum`` E(u*), and ``gap`` how far that may be above the true one, relative to ½‖x‖²;
    ``optimal_zero``: zero codes of u*; ``empty``: E of no codes at all; ``num_codes`` of the head; ``learned``: whether
    the layer's own iteration is LISTA.
    """

    paths: dict[str, Path]
    lam: float
    largest_eigenvalue: float
    bound: float
    optimum: float
    gap: float
    optimal_zero: float
    empty: float
    num_codes: int
    num_channels: int
    learned: bool

    @property
    def frame_time(self) -> float:
        """The circuit's time from frame to frame, 1/L."""
        return 1 / self.bound


ODE, ISTA, OWN, ATTENTION = "ode", "ista", "own", "attention"
"""The paths, in the order in which they are shown."""


def num_groups(layer: Layer) -> int:
    """Heads; of a convolution, blocks of `CHANNELS` channels."""
    return -(-layer.tokens.shape[-1] // CHANNELS) if layer.convolutional else layer.v.shape[1]


def head_problem(layer: Layer, head: int) -> Problem:
    """The part of the layer's problem that belongs to one head, or to one block of channels of a convolution.

    Raises InputError: there is no such head.
    """
    if not 0 <= head < num_groups(layer):
        raise InputError(f"expected a head of 0..{num_groups(layer) - 1} in layer {layer.name}, got {head}")
    whole = layer_problem(layer)
    dictionary = whole.dictionary
    if isinstance(dictionary, DenseDictionary):
        return Problem(
            DenseDictionary(dictionary.atoms[:, [head]], dictionary.num_static), whole.x[:, [head]], whole.lam
        )
    assert isinstance(dictionary, ConvolutionalDictionary)
    chosen = slice(head * CHANNELS, (head + 1) * CHANNELS)
    part = ConvolutionalDictionary(dictionary.spectra[chosen], dictionary.bound[chosen], dictionary.transform)
    return Problem(part, whole.x[:, chosen], whole.lam)


@torch.no_grad()
def settle(layer: Layer, head: int, channel: int, rates: Rates) -> Settling:
    """All paths of one head of a layer that was read on one image (B = 1), with the trajectories of one channel.

    Raises InputError: no such head or channel.
    """
    own = head_problem(layer, head)
    problem = own.at(own.lam * rates.lam_factor)
    channels = problem.x.shape[1] if layer.convolutional else problem.x.shape[-1]
    if not 0 <= channel < channels:
        raise InputError(f"expected a channel of 0..{channels - 1} of head {head}, got {channel}")
    eigenvalues = problem.dictionary.largest_eigenvalue()
    largest = float(eigenvalues.max())
    bound = rates.bound_factor * largest
    circuit = Circuit(problem, rates.alpha, rates.beta, rates.gamma)
    step = attention_step(problem)
    codes: dict[str, Sequence[Tensor]] = {
        ODE: finite((u, u) for u in circuit_frames(circuit, 1 / bound, rates.num_steps)),
        ISTA: ista(problem, rates.num_steps, bound=rates.bound_factor * eigenvalues),
        OWN: own_iterates(layer, problem, rates.num_steps, slice(head * CHANNELS, (head + 1) * CHANNELS)),
        ATTENTION: [torch.zeros_like(step), step],
    }
    optimum = lasso(problem, TOLERANCE, MAX_STEPS)
    strongest = channel_codes(layer, torch.stack(list(codes[ODE])), channel).abs().amax(0)
    kept = strongest.argsort(descending=True, stable=True)[:CODES]
    return Settling(
        paths={name: path_of(layer, problem, iterates, optimum, channel, kept) for name, iterates in codes.items()},
        lam=problem.lam,
        largest_eigenvalue=largest,
        bound=bound,
        optimum=float(optimum.objective[0]),
        gap=float(optimum.gap[0]),
        optimal_zero=float(sparsity(optimum.codes)[0]),
        empty=float(problem.objective(torch.zeros_like(step))[0]),
        num_codes=step.numel(),
        num_channels=channels,
        learned=isinstance(layer.solver, Lista),
    )


def circuit_frames(circuit: Circuit, time: float, num_frames: int) -> Iterator[Tensor]:
    """The circuit's codes at 0, ``time``, 2·``time``, …, by Euler steps that its rates allow."""
    within = max(1, int(np.ceil(time / circuit.stable_step())))
    states = euler(circuit, time / within)
    return (state.codes for state in itertools.islice(states, 0, num_frames * within + 1, within))


def channel_codes(layer: Layer, codes: Tensor, channel: int) -> Tensor:
    """The codes of one channel, (F, n), of codes (F, 1, …) of a head."""
    return codes[:, 0, channel].flatten(1) if layer.convolutional else codes[:, 0, 0, :, channel]


def path_of(
    layer: Layer, problem: Problem, codes: Sequence[Tensor], optimum: Optimum, channel: int, kept: Tensor
) -> Path:
    """What is kept of a way's codes."""
    frames = torch.cat(list(codes))  # every frame is a problem of its own, as images are
    many = Problem(problem.dictionary, problem.x.expand(len(frames), *problem.x.shape[1:]), problem.lam)
    z = many.reconstruct(frames)
    norms = z.norm(dim=1) if layer.convolutional else z[:, 0].norm(dim=-1).unflatten(-1, layer.grid)
    return Path(
        objective=many.objective(frames).cpu().numpy(),
        zero=sparsity(frames).cpu().numpy(),
        change=np.array([np.nan, *(frames[1:] - frames[:-1]).flatten(1).norm(dim=1).tolist()]),
        distance=distance(frames, optimum.codes.expand_as(frames)).cpu().numpy(),
        codes=channel_codes(layer, frames.unsqueeze(1), channel)[:, kept].cpu().numpy(),
        maps=norms.float().cpu().numpy(),
    )
