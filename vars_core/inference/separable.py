"""The real 2-D Fourier transform over a grid of tokens as two small matrix products: rows, then columns.

Tokens stay as they lie in memory, channels last: the channels of a whole row, or column, are one product's columns. A
14×14 grid takes 9.4 k multiply-adds a channel there, its transform by one matrix 43.9 k.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vars_core.precision import at_least_float32
from vars_core.tokens import Grid


class SeparableTransform:
    """Tokens (B, h, w, K) ↔ half spectra (B, 2, h·f, K) with f = w//2+1: real parts, then imaginary parts.

    Orthonormal; what a spectrum has of no real image is dropped as `torch.fft.irfft2` drops it.
    """

    def __init__(self, grid: Grid, like: Tensor) -> None:
        """``like``: a tensor of the precision and on the device that the products have."""
        self.grid = grid
        height, width = grid
        self.num_frequencies = width // 2 + 1
        rows = torch.fft.rfft(torch.eye(width, dtype=torch.float64), norm="ortho").T  # (f, w)
        columns = torch.fft.fft(torch.eye(height, dtype=torch.float64), norm="ortho")  # (h, h), symmetric
        waves = torch.complex(*torch.eye(2 * self.num_frequencies, dtype=torch.float64).unflatten(1, (2, -1)).unbind(1))
        back = torch.fft.irfft(waves, n=width, norm="ortho").T  # (w, 2f)
        self.rows, self.columns, self.rows_back, self.columns_back = (
            matrix.to(like)
            for matrix in (
                torch.cat([rows.real, rows.imag]),
                interleaved(columns).flatten(0, 1).flatten(1),  # (2h, h·2)
                back,
                interleaved(columns.conj()).permute(1, 0, 3, 2).flatten(0, 1).flatten(1),  # (h·2, 2h)
            )
        )

    def __call__(self, tokens: Tensor) -> Tensor:
        """(B, h, w, K) -> (B, 2, h·f, K)."""
        batch, (height, width) = len(tokens), self.grid
        by_row = product(self.rows, tokens.reshape(batch * height, width, -1))  # (B·h, 2f, K)
        both = product(self.columns, by_row.view(batch, 2 * height, -1))  # (B, 2h, f·K)
        return both.view(batch, 2, height * self.num_frequencies, -1)

    def inverse(self, spectra: Tensor) -> Tensor:
        """(B, 2, h·f, K) -> (B, h, w, K)."""
        batch, (height, width) = len(spectra), self.grid
        by_row = product(self.columns_back, spectra.reshape(batch, 2 * height, -1))  # (B, h·2, f·K)
        tokens = product(self.rows_back, by_row.view(batch * height, 2 * self.num_frequencies, -1))
        return tokens.view(batch, height, width, -1)


def interleaved(matrix: Tensor) -> Tensor:
    """A complex matrix (n, m) for real vectors: (2, n, m, 2), [real | imaginary] of the product from pairs."""
    real, imaginary = matrix.real, matrix.imag
    return torch.stack([torch.stack([real, -imaginary], -1), torch.stack([imaginary, real], -1)])


def product(matrix: Tensor, columns: Tensor) -> Tensor:
    """(n, m) times every (m, K) of (batch, m, K), without a copy of either."""
    return at_least_float32(torch.bmm(matrix.to(columns.dtype).expand(len(columns), -1, -1), columns))
