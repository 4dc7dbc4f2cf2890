"""A block of the network: norm, mixer, norm, MLP, put together from built parts."""

from __future__ import annotations

from torch import Tensor, nn

from vars_core.drop_path import DropPath
from vars_core.mixers import Mixer
from vars_core.tokens import Grid
from vars_core.trace import LayerRecorder


class Block(nn.Module):
    """x + mixer(norm1 x), then x + mlp(norm2 x)."""

    def __init__(
        self, norm1: nn.Module, mixer: Mixer, norm2: nn.Module, mlp: nn.Module, drop_path: float = 0.0
    ) -> None:
        super().__init__()
        self.norm1 = norm1
        self.mixer = mixer
        self.norm2 = norm2
        self.mlp = mlp
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, grid: Grid, trace: LayerRecorder | None = None) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        z = self.mixer.attend(self.norm1(x), grid, trace)
        output = self.tail(x, z, grid)
        if trace is not None:
            trace.finish(lambda iterate: self.tail(x, iterate, grid), output)
        return output

    def tail(self, x: Tensor, z: Tensor, grid: Grid) -> Tensor:
        """The block's output from its input x and the mixer's z."""
        x = x + self.drop_path(self.mixer.project(z, grid))
        return x + self.drop_path(self.mlp(self.norm2(x), grid))


class SingleResidualBlock(Block):
    """GFNet's block: x + mlp(norm2(mixer(norm1 x)))."""

    def tail(self, x: Tensor, z: Tensor, grid: Grid) -> Tensor:
        return x + self.drop_path(self.mlp(self.norm2(self.mixer.project(z, grid)), grid))
