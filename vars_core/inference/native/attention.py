"""Softmax attention in one loop of C++ (``attention.cpp``): PyTorch's own, to rounding."""

from __future__ import annotations

from ctypes import CDLL
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from vars_core.inference.native.call import LANES, REALS, call
from vars_core.inference.native.compiler import library

SOURCE = Path(__file__).with_name("attention.cpp")


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(qkᵀ/√d) v for q, k, v (B, H, N, d) each: by the loop where there is one for them, else by PyTorch."""
    loaded = _loaded(q) if all(_fits(one, q) for one in (q, k, v)) else None
    if loaded is None:
        return scaled_dot_product_attention(q, k, v)
    batch, num_heads, num_tokens, width = q.shape
    z = q.new_empty(batch, num_tokens, num_heads, width)
    strides = (stride for one in (q, k, v) for stride in one.stride()[:3])
    call(loaded.attend, q, k, v, z, batch, num_heads, *strides)
    if not torch.is_grad_enabled():
        return z.transpose(1, 2)
    result: Tensor = _Differentiable.apply(q, k, v, z.transpose(1, 2))
    return result


def _fits(values: Tensor, q: Tensor) -> bool:
    same = values.dtype == q.dtype and values.shape == q.shape
    return same and values.stride(-1) == 1 and values.device.type == "cpu" and values.shape[-1] % LANES == 0


def _loaded(q: Tensor) -> CDLL | None:
    real = REALS.get(q.dtype)
    return None if real is None else library(SOURCE, {"TOKENS": q.shape[-2], "WIDTH": q.shape[-1], "REAL": real})


class _Differentiable(torch.autograd.Function):
    """z as it was computed, with the gradients of PyTorch's operation."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, z: Tensor) -> Tensor:
        ctx.save_for_backward(q, k, v)
        return z.view_as(z)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        with torch.enable_grad():
            inputs = [saved.detach().requires_grad_() for saved in ctx.saved_tensors]
            return *torch.autograd.grad(scaled_dot_product_attention(*inputs), inputs, gradients), None
