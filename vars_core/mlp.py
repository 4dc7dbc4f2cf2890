"""Channel mixers: the plain two-layer MLP, and RVT's with a depthwise convolution. All (B, N, C) -> (B, N, C)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from vars_core.tokens import Grid, to_image, to_sequence


class Mlp(nn.Module):
    """linear → GELU → linear."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class ConvMlp(nn.Module):
    """RVT's: 1×1 → BN → GELU → 3×3 depthwise → BN → GELU → 1×1 → BN."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(dim, hidden, 1)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.dwconv = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.fc2 = nn.Conv2d(hidden, dim, 1)
        self.bn3 = nn.BatchNorm2d(dim)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        image = to_image(x, grid)
        image = F.gelu(self.bn1(self.fc1(image)))
        image = F.gelu(self.bn2(self.dwconv(image)))
        return to_sequence(self.bn3(self.fc2(image)))
