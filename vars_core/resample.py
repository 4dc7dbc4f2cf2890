"""Carrying weights that belong to one grid over to another: static atoms, position embeddings, spectra."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vars_core.errors import InputError
from vars_core.grid_bound import grid_bound_modules
from vars_core.tokens import Grid


def resample_to(state: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """``state`` with every grid-bound tensor brought to the grid of ``model``; all else, and what fits, untouched.

    Raises InputError where the stored tensor does not lie on a square grid.
    """
    resampled = dict(state)
    for prefix, module in grid_bound_modules(model):
        stored = {name: resampled[prefix + name] for name in module.grid_bound if prefix + name in resampled}
        foreign = {name: tensor for name, tensor in stored.items() if _other_grid(tensor, module.get_parameter(name))}
        if foreign:
            resampled |= {prefix + name: tensor for name, tensor in module.resampled(foreign, prefix).items()}
    return resampled


def _other_grid(stored: Tensor, wanted: Tensor) -> bool:
    return stored.ndim == wanted.ndim and stored.shape != wanted.shape


def resample_tokens(atoms: Tensor, grid: Grid, key: str) -> Tensor:
    """(1, H, N, m) -> (1, H, N', m): every atom is an image over the grid, interpolated bicubically."""
    side = _square_side(atoms.shape[2], key)
    images = atoms.float().transpose(2, 3).unflatten(3, (side, side)).flatten(0, 1)
    images = F.interpolate(images, size=grid, mode="bicubic", align_corners=False)
    return images.flatten(2).transpose(1, 2).unsqueeze(0).to(atoms.dtype)


def resample_position(position: Tensor, grid: Grid, key: str) -> Tensor:
    """(1, N, C) -> (1, N', C)."""
    return resample_tokens(position.unsqueeze(1), grid, key).squeeze(1)


def resample_spectrum(weight: Tensor, grid: Grid, key: str) -> Tensor:
    """(C, r, 1, h, w//2+1, 2) -> (C, r, 1, h', w'//2+1, 2): the filters keep their taps around the origin.

    Between frequencies this is interpolation by zero padding in space (cropping, when the grid shrinks). Only the part
    of the spectrum that a real image sees survives.
    """
    height = weight.shape[3]
    if weight.shape[4] != height // 2 + 1:
        raise InputError(f"{key} lies on a grid {height} high that is not square: it cannot be resampled")
    spectra = torch.view_as_complex(weight.float().contiguous())
    kernels = torch.fft.fftshift(torch.fft.irfft2(spectra, s=(height, height)), dim=(-2, -1))
    for axis, size in ((-2, grid[0]), (-1, grid[1])):
        kernels = _about_origin(kernels, axis, size)
    return torch.view_as_real(torch.fft.rfft2(torch.fft.ifftshift(kernels, dim=(-2, -1)))).contiguous()


def _about_origin(kernels: Tensor, axis: int, size: int) -> Tensor:
    """Crop or zero-pad one axis of a shifted kernel so that its origin, at index n//2, stays the origin."""
    old = kernels.shape[axis]
    if size < old:
        return kernels.narrow(axis, old // 2 - size // 2, size)
    before = size // 2 - old // 2
    padding = [0, 0] * (-axis - 1) + [before, size - old - before]
    return F.pad(kernels, padding)


def _square_side(num_tokens: int, key: str) -> int:
    side = math.isqrt(num_tokens)
    if side * side != num_tokens:
        raise InputError(f"{key} holds {num_tokens} tokens, not those of a square grid: it cannot be resampled")
    return side
