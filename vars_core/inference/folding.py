"""BatchNorm folded into the layer beside it, and tokens kept in one memory format through the convolutions.

(B, N, C) in memory is an image whose channels lie together ("channels last"), so that no copy is needed between the
tokens and their grid.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vars_core.block import Block
from vars_core.inference.freeze import frozen, with_frozen_children
from vars_core.inference.fused import FusedDepthwise, FusedLinear
from vars_core.mixers.spectral import TokenBatchNorm
from vars_core.mlp import ConvMlp
from vars_core.models.backbone import Downsample
from vars_core.models.stems import ConvStem, RvtStem
from vars_core.tokens import Grid, to_sequence

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d


def scale_and_shift(norm: BatchNorm) -> tuple[Tensor, Tensor]:
    """x ↦ scale·x + shift is what ``norm`` does in evaluation mode: two tensors (C,)."""
    assert norm.running_var is not None and norm.running_mean is not None
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return scale.detach(), (norm.bias - norm.running_mean * scale).detach()


def norm_after(weight: Tensor, bias: Tensor | None, norm: BatchNorm) -> tuple[Tensor, Tensor]:
    """Weight (out, …) and bias (out,) of a layer that does ``norm`` on its own output as well."""
    scale, shift = scale_and_shift(norm)
    folded = weight.detach() * scale.view(-1, *[1] * (weight.ndim - 1))
    return folded, shift if bias is None else bias.detach() * scale + shift


def norm_before(weight: Tensor, bias: Tensor, norm: BatchNorm) -> tuple[Tensor, Tensor]:
    """Weight (out, in) and bias (out,) of a linear layer that does ``norm`` on its input first."""
    scale, shift = scale_and_shift(norm)
    return weight.detach() * scale, bias.detach() + weight.detach() @ shift


class FoldedConvMlp(nn.Module):
    """RVT's MLP as two matrix products around a depthwise convolution; ``before``: a norm that stood before it."""

    def __init__(self, mlp: ConvMlp, before: BatchNorm | None = None) -> None:
        super().__init__()
        weight, bias = norm_after(mlp.fc1.weight.flatten(1), mlp.fc1.bias, mlp.bn1)
        if before is not None:
            weight, bias = norm_before(weight, bias, before)
        self.widen = FusedLinear(weight, bias, gelu=True)
        kernels, bias = norm_after(mlp.dwconv.weight, mlp.dwconv.bias, mlp.bn2)
        self.mix = FusedDepthwise(kernels.contiguous(memory_format=torch.channels_last), bias)
        self.narrow = FusedLinear(*norm_after(mlp.fc2.weight.flatten(1), mlp.fc2.bias, mlp.bn3))

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        narrowed: Tensor = self.narrow(to_sequence(self.mix(as_image(self.widen(x), grid))))
        return narrowed


def as_image(tokens: Tensor, grid: Grid) -> Tensor:
    """(B, N, C) -> (B, C, h, w), a view whose strides say "channels last" for one image too."""
    return tokens.contiguous().unflatten(1, grid).permute(0, 3, 1, 2)


class FoldedDownsample(nn.Module):
    """`Downsample` from tokens to tokens as they lie."""

    def __init__(self, downsample: Downsample) -> None:
        super().__init__()
        self.conv = folded_sequence(nn.Sequential(downsample.conv))

    def forward(self, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        image = self.conv(as_image(x, grid))
        return to_sequence(image), (image.shape[2], image.shape[3])


class FoldedNorm(nn.Module):
    """BatchNorm over tokens (B, N, C), as one multiply and add."""

    def __init__(self, norm: BatchNorm) -> None:
        super().__init__()
        self.scale, self.shift = scale_and_shift(norm)

    def forward(self, tokens: Tensor) -> Tensor:
        return torch.addcmul(self.shift, tokens, self.scale)


def folded_sequence(layers: nn.Sequential) -> nn.Sequential:
    """Convolutions, each with the BatchNorm that follows it inside, and what stands between them."""
    made: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            convolution = made[-1]
            assert isinstance(convolution, nn.Conv2d)
            weight, bias = norm_after(convolution.weight, convolution.bias, layer)
            convolution.weight, convolution.bias = channels_last(weight), nn.Parameter(bias, requires_grad=False)
        elif isinstance(layer, nn.Conv2d):
            twin = with_frozen_children(layer)
            twin._parameters = {**layer._parameters, "weight": channels_last(layer.weight)}
            made.append(twin)
        elif isinstance(layer, nn.ReLU):
            made.append(nn.ReLU(inplace=True))
        else:
            made.append(layer)
    return nn.Sequential(*made)


def channels_last(weight: Tensor) -> nn.Parameter:
    """Convolution weights in the memory format of the tokens."""
    return nn.Parameter(weight.detach().contiguous(memory_format=torch.channels_last), requires_grad=False)


@frozen.register
def _(norm: TokenBatchNorm) -> nn.Module:
    return FoldedNorm(norm)


@frozen.register
def _(downsample: Downsample) -> nn.Module:
    return FoldedDownsample(downsample)


@frozen.register
def _(mlp: ConvMlp) -> nn.Module:
    return FoldedConvMlp(mlp)


@frozen.register(ConvStem)
@frozen.register(RvtStem)
def _(stem: ConvStem | RvtStem) -> nn.Module:
    twin = with_frozen_children(stem)
    twin.proj = folded_sequence(stem.proj)
    return twin


@frozen.register
def _(block: Block) -> nn.Module:
    twin = with_frozen_children(block)
    if isinstance(block.norm2, TokenBatchNorm) and isinstance(block.mlp, ConvMlp):
        twin.norm2, twin.mlp = nn.Identity(), FoldedConvMlp(block.mlp, before=block.norm2)
    return twin
