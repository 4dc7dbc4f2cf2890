"""The block that RVT and DeiT* share: pre-norm, except that a convolutional dictionary brings its own."""

from __future__ import annotations

from torch import nn

from vars_core.block import Block
from vars_core.mixers import LayerShape, Solving, build_mixer
from vars_core.mixers.spectral import TokenBatchNorm


def build_block(mixer: str, shape: LayerShape, solving: Solving, mlp: nn.Module, drop_path: float) -> Block:
    """LayerNorm before mixer and MLP; for `vars_s` no norm before the mixer and BatchNorm before the MLP (SPEC §1)."""
    dim = shape.dim
    norm1: nn.Module = nn.Identity() if mixer == "vars_s" else nn.LayerNorm(dim, eps=1e-6)
    norm2: nn.Module = TokenBatchNorm(dim) if mixer == "vars_s" else nn.LayerNorm(dim, eps=1e-6)
    return Block(norm1, build_mixer(mixer, shape, solving), norm2, mlp, drop_path)
