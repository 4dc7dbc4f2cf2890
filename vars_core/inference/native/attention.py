"""Softmax and Performer attention in a loop of C++ each: PyTorch's operations, to rounding."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CDLL
from pathlib import Path

from torch import Tensor

from vars_core.inference.gradient import by_operation, with_gradient
from vars_core.inference.native.call import LANES, REALS, call, numbers
from vars_core.inference.native.compiler import library

FOLDER = Path(__file__).parent
SOFTMAX, PERFORMER = FOLDER / "attention.cpp", FOLDER / "performer.cpp"

Operation = Callable[[Tensor, Tensor, Tensor], Tensor]
"""q, k, v (B, H, N, d) each -> z."""


class NativeAttention:
    """``operation`` by the loop in ``source`` where that is written for what comes; ``matrix``: the features' R."""

    def __init__(self, source: Path, operation: Operation, matrix: Tensor | None = None) -> None:
        self.source = source
        self.operation = operation
        self.matrix = None if matrix is None else matrix.contiguous()
        self.weights = () if self.matrix is None else (self.matrix,)

    def __call__(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        loaded = self._loaded(q) if self._takes(q, k, v) else None
        if loaded is None:
            return self.operation(q, k, v)
        batch, num_heads, num_tokens, width = q.shape
        z = q.new_empty(batch, num_tokens, num_heads, width).transpose(1, 2)
        strides = (stride for one in (q, k, v) for stride in one.stride()[:3])
        call(loaded.attend, q, k, v, z, *self.weights, batch, num_heads, *strides)
        return with_gradient(z, (q, k, v), by_operation(self.operation))

    def _takes(self, q: Tensor, k: Tensor, v: Tensor) -> bool:
        alike = all(one.shape == q.shape and one.stride(-1) == 1 for one in (q, k, v))
        fits = all(one.dtype == q.dtype and one.shape[-1] % LANES == 0 for one in (q, k, v, *self.weights))
        return alike and fits and q.dtype in REALS and q.device.type == "cpu"

    def _loaded(self, q: Tensor) -> CDLL | None:
        sizes = {"TOKENS": q.shape[-2], "WIDTH": q.shape[-1], **numbers(q.dtype)}
        if self.matrix is not None:
            sizes["FEATURES"] = self.matrix.shape[-1]
        return library(self.source, sizes)
