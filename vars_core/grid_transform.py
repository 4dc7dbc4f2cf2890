"""The orthonormal real 2-D Fourier transform over a grid of tokens, there and back.

Token grids are small: up to `MATRIX_LIMIT` tokens the transform is one matrix product, which beats the FFT's overhead
on thousands of tiny images and runs in the precision around it; larger grids go through the FFT.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vars_core.precision import at_least_float32
from vars_core.tokens import Grid

MATRIX_LIMIT = 256


class MatrixTransform(nn.Module):
    """Real images (…, h, w) ↔ complex half spectra (…, h, w//2+1), by the matrices of the transform."""

    analysis: Tensor
    synthesis: Tensor

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.grid = grid
        num_tokens, self.frequencies = grid[0] * grid[1], (grid[0], grid[1] // 2 + 1)
        # Constants of the grid, made on the CPU even where the model is built on another device.
        with torch.device("cpu"):
            pixels = torch.eye(num_tokens, dtype=torch.float64).unflatten(1, grid)
            analysis = torch.view_as_real(torch.fft.rfft2(pixels, norm="ortho")).flatten(1)
            waves = torch.eye(analysis.shape[1], dtype=torch.float64).reshape(-1, *self.frequencies, 2)
            synthesis = torch.fft.irfft2(torch.view_as_complex(waves), s=grid, norm="ortho").flatten(1)
        self.register_buffer("analysis", analysis.float(), persistent=False)
        self.register_buffer("synthesis", synthesis.float(), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        waves = images.flatten(-2) @ self.analysis.to(images.dtype)
        return torch.view_as_complex(at_least_float32(waves).reshape(*waves.shape[:-1], *self.frequencies, 2))

    def inverse(self, spectra: Tensor) -> Tensor:
        waves = torch.view_as_real(spectra).flatten(-3)
        return at_least_float32(waves @ self.synthesis.to(waves.dtype)).unflatten(-1, self.grid)


class FastTransform(nn.Module):
    """The same by the FFT, in at least single precision."""

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.grid = grid

    def forward(self, images: Tensor) -> Tensor:
        return torch.fft.rfft2(at_least_float32(images), norm="ortho")

    def inverse(self, spectra: Tensor) -> Tensor:
        return torch.fft.irfft2(spectra, s=self.grid, norm="ortho")


GridTransform = MatrixTransform | FastTransform


def grid_transform(grid: Grid) -> GridTransform:
    """The cheaper of the two for this grid."""
    return MatrixTransform(grid) if grid[0] * grid[1] <= MATRIX_LIMIT else FastTransform(grid)
