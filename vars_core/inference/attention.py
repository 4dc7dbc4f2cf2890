"""The two kinds of attention: the trained mixers', but for the operation itself."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from vars_core.inference.freeze import frozen, with_frozen_children
from vars_core.inference.native.attention import PERFORMER, SOFTMAX, NativeAttention
from vars_core.inference.native.compiler import compiler
from vars_core.mixers.attention import Attention, PerformerAttention, SelfAttention
from vars_core.mixers.base import Mixer
from vars_core.operators import LinearMixing
from vars_core.tokens import Grid
from vars_core.trace import LayerRecorder


class NativeMixing(Mixer):
    """Attention, its children made over, by a compiled loop."""

    def __init__(self, mixer: Attention, source: Path, matrix: Tensor | None = None) -> None:
        super().__init__()
        self.plain = mixer
        self.output = mixer.output
        self.loop = NativeAttention(source, lambda q, k, v: mixer.mixing(q, k)(v), matrix)

    @torch.compiler.disable
    def attend(self, x: Tensor, grid: Grid, trace: LayerRecorder | None = None) -> Tensor:
        return super().attend(x, grid, trace)

    def operator(self, x: Tensor, grid: Grid) -> tuple[LinearMixing, Tensor]:
        q, k, v = self.plain.projected(x)
        return LinearMixing(
            lambda values: self.loop(q, k, values), lambda w: self.plain.mixing(q, k).gradients(v, w)[0]
        ), v


def has_loops(mixer: nn.Module) -> bool:
    return next(mixer.parameters()).device.type == "cpu" and compiler() is not None


@frozen.register
def _(mixer: SelfAttention) -> nn.Module:
    twin = with_frozen_children(mixer)
    return NativeMixing(twin, SOFTMAX) if has_loops(mixer) else twin


@frozen.register
def _(mixer: PerformerAttention) -> nn.Module:
    twin = with_frozen_children(mixer)
    return NativeMixing(twin, PERFORMER, mixer.features.matrix) if has_loops(mixer) else twin
