"""A result that was computed outside autograd, with the gradient that it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

PullBack = Callable[[Sequence[Tensor], Tensor], Sequence[Tensor | None]]
"""(inputs, the gradient by the result) -> the gradient by each input, None where it has none."""


def with_gradient(result: Tensor, inputs: Sequence[Tensor], pull_back: PullBack) -> Tensor:
    """``result``, differentiable once by its ``inputs`` where gradients are asked for."""
    if not torch.is_grad_enabled():
        return result
    differentiable: Tensor = _Computed.apply(result, pull_back, *inputs)
    return differentiable


def by_operation(operation: Callable[..., Tensor]) -> PullBack:
    """The gradients of what ``operation`` computes of the same inputs."""

    def pull_back(inputs: Sequence[Tensor], gradient: Tensor) -> Sequence[Tensor]:
        with torch.enable_grad():
            leaves = [one.detach().requires_grad_() for one in inputs]
            return torch.autograd.grad(operation(*leaves), leaves, gradient)

    return pull_back


class _Computed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, result: Tensor, pull_back: PullBack, *inputs: Tensor) -> Tensor:
        ctx.save_for_backward(*inputs)
        ctx.pull_back = pull_back
        return result.view_as(result)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return None, None, *ctx.pull_back(ctx.saved_tensors, gradients[0])
