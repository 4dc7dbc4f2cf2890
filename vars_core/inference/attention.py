"""Softmax attention: the trained mixer's, but for the operation itself."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vars_core.inference.freeze import frozen, with_frozen_children
from vars_core.inference.native.attention import attention
from vars_core.inference.native.compiler import compiler
from vars_core.mixers.attention import SelfAttention
from vars_core.mixers.base import Mixer
from vars_core.operators import LinearMixing
from vars_core.tokens import Grid
from vars_core.trace import LayerRecorder


class NativeSelfAttention(Mixer):
    """`SelfAttention`, its projections made over, by the compiled loop."""

    def __init__(self, mixer: SelfAttention) -> None:
        super().__init__()
        self.plain = mixer
        self.output = mixer.output

    @torch.compiler.disable
    def attend(self, x: Tensor, grid: Grid, trace: LayerRecorder | None = None) -> Tensor:
        return super().attend(x, grid, trace)

    def operator(self, x: Tensor, grid: Grid) -> tuple[LinearMixing, Tensor]:
        return self.plain.mixing(x, attention)


@frozen.register
def _(mixer: SelfAttention) -> nn.Module:
    twin = with_frozen_children(mixer)
    on_cpu = next(mixer.parameters()).device.type == "cpu"
    return NativeSelfAttention(twin) if on_cpu and compiler() is not None else twin
