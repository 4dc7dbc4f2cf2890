"""From a mixer's name to the mixer."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from vars_core.errors import InputError, nearest
from vars_core.mixers.attention import PerformerAttention, SelfAttention
from vars_core.mixers.base import Mixer
from vars_core.mixers.reconstruction import DenseReconstruction, DynamicDictionary, StaticDynamicDictionary
from vars_core.mixers.spectral import (
    ConvolutionalReconstruction,
    GlobalFilter,
    SpatialFilter,
    StaticDictionary,
    TokenBatchNorm,
)
from vars_core.random_features import RandomFeatures
from vars_core.solver import Ista, Lista, soft_threshold
from vars_core.tokens import Grid

MIXERS = ("self", "performer", "vars_s", "vars_d", "vars_sd", "filter")
SOLVERS = ("ista", "lista")


@dataclass(frozen=True)
class Solving:
    """How sparse codes are found: T = ``num_steps``; None means the mixer's own default (SPEC §1)."""

    num_steps: int = 3
    lam: float | None = None
    solver: str | None = None

    def __post_init__(self) -> None:
        if self.num_steps < 0:
            raise InputError(f"num_steps must be 0 or more, got {self.num_steps}")
        if self.lam is not None and not self.lam >= 0:
            raise InputError(f"lam must be 0 or more, got {self.lam}")
        if self.solver is not None and self.solver not in SOLVERS:
            raise InputError(f"unknown solver {self.solver!r}: expected {' or '.join(SOLVERS)}")


@dataclass(frozen=True)
class LayerShape:
    """What a backbone fixes about a mixer: C, H, (h, w), features m per head, kernels r per channel, λ of `vars_s`."""

    dim: int
    num_heads: int
    grid: Grid
    num_features: int
    num_kernels: int
    convolutional_lam: float = 3.5


def build_mixer(name: str, shape: LayerShape, solving: Solving) -> Mixer:
    """The mixer ``name``, one of `MIXERS`, with fresh weights."""
    dim, num_heads = shape.dim, shape.num_heads
    match name:
        case "self":
            return SelfAttention(dim, num_heads)
        case "performer":
            return PerformerAttention(dim, num_heads, shape.num_features)
        case "vars_d":
            solver = _dense_solver(solving, shape.num_features)
            return DenseReconstruction(dim, num_heads, DynamicDictionary(_features(shape)), solver)
        case "vars_sd":
            solver = _dense_solver(solving, 2 * shape.num_features)
            return DenseReconstruction(dim, num_heads, StaticDynamicDictionary(_features(shape), shape.grid), solver)
        case "vars_s":
            return ConvolutionalReconstruction(
                dictionary=StaticDictionary(dim, shape.num_kernels, shape.grid),
                solver=convolutional_solver(shape, solving),
                value=nn.Linear(dim, dim),
                second=SpatialFilter(dim, shape.grid),
                norm=TokenBatchNorm(dim),
                output=nn.Linear(dim, dim),
            )
        case "filter":
            return GlobalFilter(dim, shape.grid)
    raise InputError(f"unknown mixer {name!r}; nearest: {nearest(name, MIXERS)}")


def build_filter_replacement(shape: LayerShape, solving: Solving) -> Mixer:
    """`vars_s` as it stands in for GFNet's filter: the dictionary alone, no projections, no second spectrum."""
    return ConvolutionalReconstruction(
        dictionary=StaticDictionary(shape.dim, shape.num_kernels, shape.grid),
        solver=convolutional_solver(shape, solving),
        value=nn.Identity(),
        second=None,
        norm=nn.Identity(),
        output=nn.Identity(),
    )


def convolutional_solver(shape: LayerShape, solving: Solving) -> Ista:
    """ISTA from u₀ = S_λ(Pᵀx), as VARS-S was released."""
    if solving.solver == "lista":
        raise InputError("vars_s has no 'lista' setting: its learned coupling is defined for dense atoms; use 'ista'")
    lam = shape.convolutional_lam if solving.lam is None else solving.lam
    return Ista(lam, solving.num_steps, start=soft_threshold)


def _dense_solver(solving: Solving, num_atoms: int) -> Ista | Lista:
    lam = 0.3 if solving.lam is None else solving.lam
    if solving.solver == "ista":
        return Ista(lam, solving.num_steps)
    return Lista(lam, solving.num_steps, num_atoms)


def _features(shape: LayerShape) -> RandomFeatures:
    return RandomFeatures(shape.num_heads, shape.dim // shape.num_heads, shape.num_features)
