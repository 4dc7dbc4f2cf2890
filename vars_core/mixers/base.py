"""The two halves every mixer has."""

from __future__ import annotations

from operator import itemgetter

from torch import Tensor, nn

from vars_core.operators import Operator
from vars_core.targets import Answer
from vars_core.tokens import Grid, join_heads
from vars_core.trace import LayerRecorder


class Mixer(nn.Module):
    """(B, N, C) -> (B, N, C) in two halves; subclasses give the operator and its input."""

    output: nn.Module

    def operator(self, x: Tensor, grid: Grid) -> tuple[Operator, Tensor]:
        """The operator built from normed tokens x (B, N, C), and the values v (B, H, N, d) that it is applied to."""
        raise NotImplementedError

    def attend(self, x: Tensor, grid: Grid, trace: LayerRecorder | None = None) -> Tensor:
        """z (B, N, C), before the output projection."""
        operator, v = self.operator(x, grid)
        if trace is None:
            return join_heads(operator(v))
        for z, codes in operator.iterates(v, trace.keeps_codes):
            trace.iterate(operator, v, z, codes)
        trace.gradients(operator, v, Answer((z,), itemgetter(0), operator, v))
        return join_heads(z)

    def project(self, z: Tensor, grid: Grid) -> Tensor:
        """The output projection, (B, N, C) -> (B, N, C)."""
        return self.output(z)

    def forward(self, x: Tensor, grid: Grid, trace: LayerRecorder | None = None) -> Tensor:
        return self.project(self.attend(x, grid, trace), grid)
