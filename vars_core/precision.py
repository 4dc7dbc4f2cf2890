"""Where half precision would not do."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_float32(tensor: Tensor) -> Tensor:
    """float64 stays as it is, everything narrower becomes float32."""
    return tensor if tensor.dtype == torch.float64 else tensor.float()
