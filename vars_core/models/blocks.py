"""The block that RVT and DeiT* share, with the norms that its mixer asks for."""

from __future__ import annotations

from torch import nn

from vars_core.block import Block
from vars_core.mixers import LayerShape, Solving, mixer_kind


def build_block(mixer: str, shape: LayerShape, solving: Solving, mlp: nn.Module, drop_path: float) -> Block:
    """``mixer`` and ``mlp`` with a norm before each."""
    kind = mixer_kind(mixer)
    norm1, norm2 = kind.norms(shape.dim)
    return Block(norm1, kind.build(shape, solving), norm2, mlp, drop_path)
