"""Carrying weights that belong to one grid over to another: static atoms, position embeddings, spectra."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vars_core.dictionaries import convolutional_bound
from vars_core.errors import InputError
from vars_core.mixers.reconstruction import StaticDynamicDictionary
from vars_core.mixers.spectral import Spectrum, StaticDictionary
from vars_core.models.stems import PositionedStem
from vars_core.tokens import Grid

Resample = Callable[[Tensor, Grid, str], Tensor]
"""(stored tensor, grid, its key) -> the tensor on that grid."""


def resample_to(state: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """``state`` with every grid-bound tensor brought to the grid of ``model``; all else, and what fits, untouched.

    Raises InputError where the stored tensor does not lie on a square grid.
    """
    resampled = dict(state)
    for name, module in model.named_modules():
        prefix = f"{name}." if name else ""
        if isinstance(module, StaticDynamicDictionary):
            _replace(resampled, f"{prefix}static_atoms", module.static_atoms, module.grid, _resample_tokens)
        elif isinstance(module, PositionedStem):
            _replace(resampled, f"{prefix}position", module.position, module.grid, _resample_position)
        elif isinstance(module, Spectrum):
            _replace(resampled, f"{prefix}weight", module.weight, module.grid, resample_spectrum)
    for name, module in model.named_modules():  # L belongs to the spectra: measured anew where they changed
        key = f"{name}.spectrum.weight"
        if isinstance(module, StaticDictionary) and key in state and resampled[key] is not state[key]:
            spectra = torch.view_as_complex(resampled[key].float().contiguous()).squeeze(2)
            resampled[f"{name}.bound"] = convolutional_bound(spectra, module.spectrum.grid[1])
    return resampled


def _replace(state: dict[str, Tensor], key: str, wanted: Tensor, grid: Grid, resample: Resample) -> None:
    stored = state.get(key)
    if stored is None or stored.shape == wanted.shape or stored.ndim != wanted.ndim:
        return
    candidate = resample(stored, grid, key)
    if candidate.shape == wanted.shape:
        state[key] = candidate


def _resample_tokens(atoms: Tensor, grid: Grid, key: str) -> Tensor:
    """(1, H, N, m) -> (1, H, N', m): every atom is an image over the grid, interpolated bicubically."""
    side = _square_side(atoms.shape[2], key)
    images = atoms.float().transpose(2, 3).unflatten(3, (side, side)).flatten(0, 1)
    images = F.interpolate(images, size=grid, mode="bicubic", align_corners=False)
    return images.flatten(2).transpose(1, 2).unsqueeze(0).to(atoms.dtype)


def _resample_position(position: Tensor, grid: Grid, key: str) -> Tensor:
    """(1, N, C) -> (1, N', C)."""
    return _resample_tokens(position.unsqueeze(1), grid, key).squeeze(1)


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
