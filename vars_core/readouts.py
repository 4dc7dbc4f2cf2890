"""The readouts: every way to read an attention map out of a layer, in one table (SPEC §4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vars_core.tokens import join_heads

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Readout:
    """One number a token, read from every iterate t of a layer.

    ``reads`` and ``reduce``, which makes of it a map (B, N), all in float32:
    "z": the iterate z_t = Pu_t and the layer's values v, both (B, H, N, d);
    "gradient": G_t = ∂(mean z_t)/∂v (`vars_core.operators.pooled_gradients`) and v, both (B, H, N, d);
    "output": what the block would give had the solver stopped at t, (B, 1, N, C), for it has no heads.
    The map of a head is what ``reduce`` makes of that head alone.
    ``signed``: whether a map may be negative. ``title`` and ``words`` say to people what it is, ``equation`` in TeX, x
    being the layer's values and n a token.
    """

    name: str
    reads: Literal["z", "gradient", "output"]
    reduce: Callable[..., Tensor]
    signed: bool
    title: str
    words: str
    equation: str = ""


def length(values: Tensor) -> Tensor:
    """‖·‖ over the last axis: what ``values.norm(dim=-1)`` calls, in half its time for one image."""
    from torch.linalg import vector_norm  # this table is read where nothing is computed, and torch is not loaded

    norms: Tensor = vector_norm(values, dim=-1)
    return norms


def energy(z: Tensor, v: Tensor) -> Tensor:
    """‖z‖ over heads and channels."""
    return length(join_heads(z))


def gap(gradient: Tensor, v: Tensor) -> Tensor:
    """The gradient's mean over heads and channels."""
    return join_heads(gradient).mean(-1)


def contribution(gradient: Tensor, v: Tensor) -> Tensor:
    """‖gradient ⊙ v‖ over heads and channels."""
    return length(join_heads(gradient * v))


def stream(output: Tensor) -> Tensor:
    """‖block output‖ over channels."""
    return length(output).squeeze(1)


READOUTS: dict[str, Readout] = {
    readout.name: readout
    for readout in (
        Readout(
            "energy",
            reads="z",
            reduce=energy,
            signed=False,
            title="Energy",
            words="How much the layer itself answers at each token, over all heads and channels: ‖z‖.",
            equation=r"\lVert z_t[n] \rVert_2",
        ),
        Readout(
            "gap",
            reads="gradient",
            reduce=gap,
            signed=True,
            title="Attention of the average token",
            words="The attention of the average token: how much the mean output listens to each token. "
            "May be negative.",
            equation=r"\frac{1}{H d} \sum_{h,c} G_{h,n,c}, \qquad G = \frac{\partial\, \mathrm{mean}_i\, "
            r"z_t[i]}{\partial x}",
        ),
        Readout(
            "contribution",
            reads="gradient",
            reduce=contribution,
            signed=False,
            title="Contribution",
            words="What each token brings to the pooled output: attention times the size of its value.",
            equation=r"\lVert G[n] \odot x[n] \rVert_2, \qquad G = \frac{\partial\, \mathrm{mean}_i\, z_t[i]}{\partial "
            r"x}",
        ),
        Readout(
            "stream",
            reads="output",
            reduce=stream,
            signed=False,
            title="Stream",
            words="How strong each token leaves the block, had the solver stopped at this iterate: ‖block output‖.",
            equation=r"\lVert \mathrm{block}(z_t)[n] \rVert_2",
        ),
    )
}
