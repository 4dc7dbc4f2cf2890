"""Linear layers and depthwise convolutions with the GELU that follows them, each as one operation of oneDNN's.

On CPUs, in single precision, where this PyTorch has them (they are what its compiler calls as well); else, under
autocast or while compiling, the same in PyTorch's own operations. A weight is packed once, bias and GELU are done
while the product is still in cache.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vars_core.inference.freeze import frozen
from vars_core.inference.gradient import by_operation, with_gradient
from vars_core.mlp import Mlp
from vars_core.tokens import Grid

ACTIVATION: dict[bool, tuple[str, list[float], str]] = {True: ("gelu", [], "none"), False: ("none", [], "")}
"""oneDNN's names: GELU by the error function, or nothing."""


def there_is_one(weight: Tensor) -> bool:
    """Whether oneDNN has an operation for this weight."""
    operations = ("_linear_pointwise", "_reorder_linear_weight", "_convolution_pointwise")
    return (
        weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and torch.backends.mkldnn.is_available()
        and all(hasattr(torch.ops.mkldnn, name) for name in operations)
    )


class Operation(Protocol):
    """One computation in two forms: ``plain`` in PyTorch's operations, ``fused`` in one, equal to rounding."""

    weight: Tensor

    def plain(self, x: Tensor) -> Tensor: ...

    def fused(self, x: Tensor) -> Tensor: ...


def run(operation: Operation, x: Tensor, there: bool) -> Tensor:
    """One of the two forms. The result asks for gradients where the plain one's would, but has them by x alone."""
    if (
        not there
        or x.dtype != operation.weight.dtype
        or torch.is_autocast_enabled("cpu")
        or torch.compiler.is_compiling()
    ):
        return operation.plain(x)
    if not torch.is_grad_enabled():
        return operation.fused(x)
    with torch.no_grad():
        result = operation.fused(x)
    by_x = by_operation(operation.plain)
    return with_gradient(result, (x, operation.weight), lambda given, back: (*by_x(given[:1], back), None))


class FusedLinear(nn.Module):
    """x ↦ xWᵀ + b along the last axis, then GELU where asked for; weight (out, in), bias (out,) or None."""

    def __init__(self, weight: Tensor, bias: Tensor | None, *, gelu: bool = False) -> None:
        super().__init__()
        self.weight, self.bias, self.gelu = weight, bias, gelu
        self.packed = None
        if there_is_one(weight):
            self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), None)

    def plain(self, x: Tensor) -> Tensor:
        product = F.linear(x, self.weight, self.bias)
        return F.gelu(product) if self.gelu else product

    def fused(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.detach()
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.packed, bias, *ACTIVATION[self.gelu])
        return result

    def forward(self, x: Tensor) -> Tensor:
        return run(self, x, self.packed is not None)


class FusedDepthwise(nn.Module):
    """A 3 × 3 convolution of each channel by itself, then GELU; weight (C, 1, 3, 3), bias (C,)."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias
        self.there = there_is_one(weight)

    def plain(self, image: Tensor) -> Tensor:
        return F.gelu(F.conv2d(image, self.weight, self.bias, padding=1, groups=len(self.weight)))

    def fused(self, image: Tensor) -> Tensor:
        result: Tensor = torch.ops.mkldnn._convolution_pointwise(
            image, self.weight, self.bias, [1, 1], [1, 1], [1, 1], len(self.weight), *ACTIVATION[True]
        )
        return result

    def forward(self, image: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C, h, w)."""
        return run(self, image, self.there)


class FusedMlp(nn.Module):
    """`Mlp`."""

    def __init__(self, mlp: Mlp) -> None:
        super().__init__()
        self.fc1 = FusedLinear(mlp.fc1.weight, mlp.fc1.bias, gelu=True)
        self.fc2 = frozen(mlp.fc2)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        narrowed: Tensor = self.fc2(self.fc1(x))
        return narrowed


@frozen.register
def _(layer: nn.Linear) -> nn.Module:
    return FusedLinear(layer.weight, layer.bias)


@frozen.register
def _(mlp: Mlp) -> nn.Module:
    return FusedMlp(mlp)
