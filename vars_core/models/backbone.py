"""The frame every VARS network shares: stem, stages of blocks, transitions between them, head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from torch import Tensor, nn

from vars_core.block import Block
from vars_core.errors import InputError, nearest
from vars_core.image_size import ImageSize
from vars_core.models.base import VisionModel
from vars_core.spec import ModelSpec
from vars_core.tokens import Grid, to_image, to_sequence
from vars_core.trace import TraceRecorder


class Backbone(VisionModel):
    """Stem, stages of blocks with transitions between them, head; layers are named "stage.block"."""

    def __init__(
        self,
        spec: ModelSpec,
        image_size: ImageSize,
        stem: nn.Module,
        stages: Sequence[Sequence[Block]],
        transitions: Sequence[nn.Module],
        head: PoolThenNorm | NormThenPool,
        num_steps: int,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.image_size = image_size
        self.num_steps = num_steps
        self.stem = stem
        self.stages = nn.ModuleList(nn.ModuleList(stage) for stage in stages)
        self.transitions = nn.ModuleList(transitions)
        self.head = head

    @property
    def layer_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.named_blocks())

    def named_blocks(self) -> Iterator[tuple[str, Block]]:
        for i, stage in enumerate(self.stages):
            for j, block in enumerate(cast(nn.ModuleList, stage)):
                yield f"{i}.{j}", cast(Block, block)

    def block_input(self, images: Tensor, name: str) -> tuple[Block, Tensor, Grid]:
        """Block ``name`` and the tokens (B, N, C) that arrive at it, with their grid; what comes after is not run."""
        x, grid = self.stem(images)
        for i, stage in enumerate(self.stages):
            if i > 0:
                x, grid = self.transitions[i - 1](x, grid)
            for j, block in enumerate(cast(nn.ModuleList, stage)):
                if f"{i}.{j}" == name:
                    return cast(Block, block), x, grid
                x = block(x, grid)
        raise InputError(f"expected a layer of {self.spec}, got {name!r}; nearest: {nearest(name, self.layer_names)}")

    @property
    def num_classes(self) -> int:
        return self.head.linear.out_features

    def forward(self, images: Tensor, trace: TraceRecorder | None = None) -> Tensor:
        for x in self.passes(images, trace):
            tokens = x
        return self.head(tokens)

    def passes(self, images: Tensor, trace: TraceRecorder | None) -> Iterator[Tensor]:
        """A step a block: the tokens (B, N, C) as they leave it."""
        if trace is not None and self.training:
            raise InputError("a model is traced in evaluation mode: call model.eval() first")
        x, grid = self.stem(images)
        for i, stage in enumerate(self.stages):
            if i > 0:
                x, grid = self.transitions[i - 1](x, grid)
            for j, block in enumerate(cast(nn.ModuleList, stage)):
                x = block(x, grid, None if trace is None else trace.layer(f"{i}.{j}", grid))
                yield x


class Downsample(nn.Module):
    """Between RVT's stages: 3×3 stride-2 convolution, one group an input channel."""

    def __init__(self, dim: int, out_dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, out_dim, 3, stride=2, padding=1, groups=dim)

    def forward(self, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        image = self.conv(to_image(x, grid))
        return to_sequence(image), (image.shape[2], image.shape[3])


def pooled(x: Tensor) -> Tensor:
    """(B, N, C) -> (B, C), the mean over the tokens.

    Not ``x.mean(1)``: for a batch of one image its gradient has strides that PyTorch's batch normalisation (2.14, on
    the CPU) takes for others when a convolution stands before it, and what it hands on is wrong without an error.
    """
    return x.transpose(1, 2).mean(-1)


class PoolThenNorm(nn.Module):
    """RVT's head: mean over tokens → LayerNorm → linear."""

    def __init__(self, dim: int, num_classes: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.linear = nn.Linear(dim, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.norm(pooled(x)))


class NormThenPool(nn.Module):
    """The head of DeiT* and GFNet: LayerNorm → mean over tokens → linear."""

    def __init__(self, dim: int, num_classes: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.linear = nn.Linear(dim, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(pooled(self.norm(x)))


def drop_path_rates(maximum: float, depth: int) -> list[float]:
    """Stochastic depth rising linearly from 0 to ``maximum`` over the blocks."""
    return [maximum * index / max(depth - 1, 1) for index in range(depth)]
