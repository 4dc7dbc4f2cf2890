"""Seeing the attention of layers that others wrote, while they run as they are.

Attention is a weighted sum of values: a call of PyTorch's fused attention, or a product of the values with a square
matrix that was made of a softmax's result. Both are seen on the way by a mode of this thread; no call is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

_SOFTMAX = (F.softmax, torch.softmax, Tensor.softmax)
_PRODUCT = (torch.matmul, torch.bmm, Tensor.matmul, Tensor.__matmul__, Tensor.bmm)


@dataclass(frozen=True)
class WeightedSum:
    """One attention: values (B, H, K, d) -> sums (B, H, Q, d), linear in the values; ``values`` are those it was given.

    ``num_queries`` is Q; K is ``values.shape[2]``. Where a layer folds its heads into the batch, H is 1 and B is B·H.
    ``result``: the tensor of sums that the layer itself goes on with, (B, H, Q, d) but for how its heads are folded.
    """

    apply: Callable[[Tensor], Tensor]
    values: Tensor
    num_queries: int
    result: Tensor

    @property
    def is_square(self) -> bool:
        """Whether the tokens that ask are as many as those that are asked."""
        return self.num_queries == self.values.shape[2]

    def unfolded(self, batch: int) -> WeightedSum:
        """The same with the heads out of the batch again: B is ``batch``, which divides the folded B·H."""
        if self.values.shape[0] == batch:
            return self
        values = self.values.squeeze(1).unflatten(0, (batch, -1))

        def apply(given: Tensor) -> Tensor:
            return self.apply(given.flatten(0, 1).unsqueeze(1)).squeeze(1).unflatten(0, (batch, -1))

        return WeightedSum(apply, values, self.num_queries, self.result)


class AttentionWatch(TorchFunctionMode):
    """Collects the weighted sums of what runs under it in ``sums``; `take` hands them over and forgets them."""

    def __init__(self) -> None:
        super().__init__()
        self.sums: list[WeightedSum] = []
        self._weights: dict[int, Tensor] = {}  # what a softmax gave and what was made of it, kept alive with its id

    def take(self) -> list[WeightedSum]:
        """The sums since the last call."""
        taken = self.sums
        self.forget()
        return taken

    def forget(self) -> None:
        self.sums, self._weights = [], {}

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func is F.scaled_dot_product_attention:
            self._note_fused(result, *args, **kwargs)
        elif func in _SOFTMAX and _is_square(result):
            self._weights[id(result)] = result
        elif self._weights and any(id(argument) in self._weights for argument in args):
            if func in _PRODUCT:
                self._note_product(result, args[0], args[1])
            elif isinstance(result, Tensor):
                self._weights[id(result)] = result
        return result

    def _note_fused(
        self, result: Tensor, q: Tensor, k: Tensor, v: Tensor, *rest: Any, enable_gqa: bool = False, **options: Any
    ) -> None:
        options |= dict(zip(("attn_mask", "dropout_p", "is_causal", "scale"), rest, strict=False))
        if q.ndim == 3:

            def apply_folded(values: Tensor) -> Tensor:
                return F.scaled_dot_product_attention(q, k, values.squeeze(1), **options).unsqueeze(1)

            self.sums.append(WeightedSum(apply_folded, v.unsqueeze(1), q.shape[1], result))
        elif q.ndim == 4:
            keys, v = (_for_every_head(part, q.shape[1]) for part in (k, v))

            def apply(values: Tensor) -> Tensor:
                return F.scaled_dot_product_attention(q, keys, values, **options)

            self.sums.append(WeightedSum(apply, v, q.shape[2], result))

    def _note_product(self, result: Tensor, weights: Tensor, values: Tensor) -> None:
        if id(weights) not in self._weights or not _is_square(weights) or values.shape[-2] != weights.shape[-1]:
            return
        if weights.ndim == 3:
            weights, values = weights.unsqueeze(1), values.unsqueeze(1)
        if weights.ndim == values.ndim == 4:
            values = values.expand(-1, weights.shape[1], -1, -1)

            def apply(given: Tensor) -> Tensor:
                return weights.to(given.dtype) @ given

            self.sums.append(WeightedSum(apply, values, weights.shape[2], result))


def _is_square(tensor: Tensor) -> bool:
    return tensor.ndim >= 3 and tensor.shape[-1] == tensor.shape[-2]


def _for_every_head(tensor: Tensor, num_heads: int) -> Tensor:
    """Keys or values that several heads share, (B, G, N, d), once for each head: (B, H, N, d)."""
    return tensor if tensor.shape[1] == num_heads else tensor.repeat_interleave(num_heads // tensor.shape[1], dim=1)
