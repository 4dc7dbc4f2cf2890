"""In which precision a step is computed: bfloat16 where it is safe, and what stays in float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel


def autocast(device: torch.device, precision: str) -> torch.amp.autocast_mode.autocast:
    """bfloat16 where it is safe (``"bf16"``), or nothing at all (``"fp32"``)."""
    return torch.amp.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


@contextmanager
def tensor_float32(device: torch.device, precision: str) -> Iterator[None]:
    """On CUDA and under ``"bf16"``, matrix products that stay in float32 may round their factors to TF32 (10 bits).

    torch keeps this for the whole process: the block puts back what was there. ``"fp32"`` means float32.
    """
    before = torch.get_float32_matmul_precision()
    if device.type == "cuda" and precision == "bf16":
        torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def attention_kernel(device: torch.device) -> AbstractContextManager[None]:
    """Softmax attention by plain matrix products on a CPU, where the fused kernel's backward is slow."""
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()
