"""The baselines: softmax attention, and the paper's "*" baseline, Performer attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vars_core.mixers.base import Mixer
from vars_core.mixers.kind import Explained, MixerKind
from vars_core.operators import LinearMixing
from vars_core.random_features import RandomFeatures
from vars_core.tokens import Grid, split_heads

MOST_WEIGHTS = 2**24
"""Of softmax attention held at once."""


class Attention(Mixer):
    """Queries, keys and values of one projection; subclasses give the map of the values that q and k make."""

    num_heads: int
    projection: nn.Module

    def projected(self, x: Tensor) -> list[Tensor]:
        """Tokens (B, N, C) -> q, k and v, (B, H, N, d)."""
        return [split_heads(part, self.num_heads) for part in self.projection(x).chunk(3, dim=-1)]

    def mixing(self, q: Tensor, k: Tensor) -> LinearMixing:
        raise NotImplementedError

    def operator(self, x: Tensor, grid: Grid) -> tuple[LinearMixing, Tensor]:
        q, k, v = self.projected(x)
        return self.mixing(q, k), v


class SelfAttention(Attention):
    """`self`: softmax(qkᵀ/√d) v."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.projection = nn.Linear(dim, 3 * dim)
        self.output = nn.Linear(dim, dim)

    def mixing(self, q: Tensor, k: Tensor) -> LinearMixing:
        return LinearMixing(
            lambda values: F.scaled_dot_product_attention(q, k, values), lambda w: softmax_transposed(q, k, w)
        )


def softmax_transposed(q: Tensor, k: Tensor, w: Tensor) -> Tensor:
    """softmax(qkᵀ/√d)ᵀ w: (B, H, N, 1) -> (B, H, N, 1), a few images at a time."""
    at_once = max(1, MOST_WEIGHTS // (q.shape[1] * q.shape[2] * k.shape[2]))
    parts = zip(*(part.split(at_once) for part in (q * q.shape[-1] ** -0.5, k, w)), strict=True)
    return torch.cat([(q @ k.transpose(-2, -1)).softmax(-1).transpose(-2, -1) @ w for q, k, w in parts])


class PerformerAttention(Attention):
    """`performer`: Φ(q)Φ(k)ᵀ with rows scaled to sum 1, times v; linear in the number of tokens."""

    def __init__(self, dim: int, num_heads: int, num_features: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.features = RandomFeatures(num_heads, dim // num_heads, num_features)
        self.projection = nn.Linear(dim, 3 * dim)
        self.output = nn.Linear(dim, dim)

    def mixing(self, q: Tensor, k: Tensor) -> LinearMixing:
        queries, keys = self.features(q), self.features(k)
        row_sums = queries @ keys.sum(-2).unsqueeze(-1)
        return LinearMixing(
            lambda values: queries @ (keys.transpose(-2, -1) @ values.to(keys.dtype)) / row_sums,
            lambda w: keys @ (queries.transpose(-2, -1) @ (w.to(keys.dtype) / row_sums)),
        )


SELF = MixerKind(
    "self",
    title="self-attention",
    words="Softmax attention: every token takes the others' values in proportion to how its query meets their keys.",
    build=lambda shape, _: SelfAttention(shape.dim, shape.num_heads),
    families=("rvt", "deit"),
    deit_head_dim=64,  # as DeiT was published
    weighing=Explained(
        "Softmax attention has weights in the place of codes: how much each token takes of every other, by how its "
        "query q meets their keys k. They are positive and sum to 1.",
        r"A = \mathrm{softmax}\!\left(\frac{q\,k^\top}{\sqrt d}\right)",
    ),
    mixing=Explained(
        "The values are summed by these weights once. Nothing is solved, so there is no iterate and nothing to settle: "
        "a VARS layer goes on from such a first step.",
        r"z = A\,x",
    ),
)

PERFORMER = MixerKind(
    "performer",
    title="Performer attention",
    words="The paper's baseline: softmax attention estimated by random features, at a cost linear in the tokens.",
    build=lambda shape, _: PerformerAttention(shape.dim, shape.num_heads, shape.num_features),
    families=("rvt", "deit"),
    weighing=Explained(
        "Performer attention has weights in the place of codes: softmax's, estimated by random features Φ of queries "
        "and keys, the features that VARS-D takes for its atoms. Each row sums to 1.",
        r"A \propto \Phi(q)\,\Phi(k)^\top, \qquad \Phi(q) = \tfrac{1}{\sqrt m}\, e^{\,q R - \lVert q \rVert^2 / 2}",
    ),
    mixing=Explained(
        "The values are summed by these weights once. Nothing is solved, so there is no iterate and nothing to settle. "
        "Without threshold and scaled rows, the first step of VARS-D is this attention with q = k (paper eq. 14-15).",
        r"z = A\,x",
    ),
)
