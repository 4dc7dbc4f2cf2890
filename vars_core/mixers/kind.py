"""What is known about a mixer, in one entry: `MixerKind`, and what it is built from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from vars_core.errors import InputError, check_range
from vars_core.mixers.base import Mixer
from vars_core.tokens import Grid

SOLVERS = ("ista", "lista")


@dataclass(frozen=True)
class Solving:
    """How sparse codes are found: T = ``num_steps``; None means the mixer's own default (SPEC §1)."""

    num_steps: int = 3
    lam: float | None = None
    solver: str | None = None

    def __post_init__(self) -> None:
        check_range("num_steps", self.num_steps, 0)
        if self.lam is not None:
            check_range("lam", self.lam, 0)
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


Build = Callable[[LayerShape, Solving], Mixer]
"""A mixer with fresh weights."""

Norms = Callable[[int], tuple[nn.Module, nn.Module]]
"""C -> the norms of the block: before the mixer, before the MLP."""


def layer_norms(dim: int) -> tuple[nn.Module, nn.Module]:
    """The pre-norm block's."""
    return nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)


@dataclass(frozen=True)
class Explained:
    """What people are told of a formula: a sentence or two, and the formula as TeX, x being the values."""

    words: str
    equation: str


@dataclass(frozen=True)
class MixerKind:
    """A mixer: its name in specs, what people call it and one sentence on it, on what it stands and how it is built.

    ``families``: the backbones it is built on. ``solvers``: what finds its codes, its own default first; none without
    codes. ``norms``: those of its block on RVT and DeiT*. ``deit_head_dim``: channels of a head on DeiT*.
    ``replacing_filter``: how it is built on GFNet, whose block has a filter and LayerNorms; None: as elsewhere.
    ``weighing``: what stands between tokens and z, a dictionary with its codes or attention's weights; ``mixing``: how
    z comes of it, in iterates or in one step. None: ``words`` is all that is said.
    """

    name: str
    title: str
    words: str
    build: Build
    families: tuple[str, ...] = ("rvt", "deit", "gfnet")
    solvers: tuple[str, ...] = ()
    norms: Norms = layer_norms
    deit_head_dim: int = 32
    replacing_filter: Build | None = None
    weighing: Explained | None = None
    mixing: Explained | None = None

    def num_steps(self, solving: Solving) -> int:
        """The T that its layers have: 0 where there is nothing to solve."""
        return solving.num_steps if self.solvers else 0
