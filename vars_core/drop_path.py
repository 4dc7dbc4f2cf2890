"""Stochastic depth: in training a residual branch is left out for some of the images (Huang et al., 2016)."""

from __future__ import annotations

from torch import Tensor, nn


class DropPath(nn.Module):
    """x (B, …), of each image with probability ``drop_prob`` nothing, the others' scaled so that the mean stays.

    Its draws are those of timm's module of this name, which takes longer to import than torch.
    """

    def __init__(self, drop_prob: float = 0.0) -> None:
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, x: Tensor) -> Tensor:
        if self.drop_prob == 0 or not self.training:
            return x
        keep = 1 - self.drop_prob
        kept = x.new_empty(x.shape[0], *[1] * (x.ndim - 1)).bernoulli_(keep)
        return x * (kept / (keep or 1))
