"""Positive random features (Performer): Φ(q)Φ(k)ᵀ estimates exp(q·k) without the N × N matrix (SPEC §1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RandomFeatures(nn.Module):
    """Φ = exp(q R − ‖q‖²/2)/√m per head, with q·d^(−1/4) first scaled to unit L2 norm over d.

    ``matrix`` R, (H, d, m), is standard normal, fixed, and part of the checkpoint.
    """

    matrix: Tensor

    def __init__(self, num_heads: int, head_dim: int, num_features: int) -> None:
        super().__init__()
        self.scale = head_dim**-0.25
        self.register_buffer("matrix", torch.randn(num_heads, head_dim, num_features))

    def forward(self, q: Tensor) -> Tensor:
        """(B, H, N, d) -> positive features (B, H, N, m) in the precision of the matrix, whatever autocast says."""
        with torch.autocast(q.device.type, enabled=False):
            q = F.normalize(q.to(self.matrix.dtype) * self.scale, dim=-1)
            exponent = q @ self.matrix - q.norm(dim=-1, keepdim=True) ** 2 / 2
            return exponent.exp() * self.matrix.shape[-1] ** -0.5
