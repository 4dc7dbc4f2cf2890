"""Which codes count as zero: the smooth shrinkage of the released models leaves no exact zeros."""

from __future__ import annotations

from torch import Tensor

ZERO_FRACTION = 1e-3
"""A code counts as zero up to this fraction of its image's largest."""


def zero_codes(codes: Tensor) -> Tensor:
    """Codes (B, …) -> bool of the same shape: True where a code counts as zero."""
    magnitudes = codes.float().abs()
    largest = magnitudes.flatten(1).amax(1).reshape(-1, *[1] * (codes.ndim - 1))
    return magnitudes <= ZERO_FRACTION * largest
