"""Random problems with true dictionaries, and layers of the embedded models on made photographs."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from vars_core import Backend, load_model
from vars_core.dictionaries import ConvolutionalDictionary, DenseDictionary, convolutional_bound, unit_columns
from vars_core.dynamics import Layer, Problem, read_layer
from vars_core.grid_transform import FastTransform


def dense_problem(seed: int, lam: float, *, tokens: int = 12, atoms: int = 8, channels: int = 3) -> Problem:
    generator = torch.Generator().manual_seed(seed)
    atoms_ = torch.randn(2, 2, tokens, atoms, generator=generator, dtype=torch.float64)
    x = torch.randn(2, 2, tokens, channels, generator=generator, dtype=torch.float64)
    return Problem(DenseDictionary(unit_columns(atoms_)), x, lam)


def convolutional_problem(seed: int, lam: float, grid: tuple[int, int] = (4, 5), kernels: int = 2) -> Problem:
    """Spectra of real kernels, three channels: encode and decode are each other's transpose to rounding."""
    generator = torch.Generator().manual_seed(seed)
    filters = torch.randn(3, kernels, *grid, generator=generator, dtype=torch.float64)
    filters[..., 0, 0] += 8  # a strong centre: with one kernel a channel the problem is well conditioned
    spectra = torch.fft.rfft2(filters) / 8
    bound = convolutional_bound(spectra, grid[1]).double() * (1 + 1e-6)
    x = torch.randn(2, 3, *grid, generator=generator, dtype=torch.float64)
    return Problem(ConvolutionalDictionary(spectra, bound, FastTransform(grid)), x, lam)


@cache
def embedded(mixer: str) -> tuple[Backend, torch.Tensor]:
    """An embedded model and a batch of two made photographs."""
    backend = Backend(load_model(f"rvt_nano/{mixer}"), device="cpu")
    ys, xs = np.mgrid[:96, :128]
    rings = np.stack([127 + 120 * np.sin(np.hypot(ys - 40, xs - 60) / period) for period in (5, 9, 14)], axis=-1)
    noise = np.random.default_rng(0).integers(0, 255, (80, 80, 3)).astype(np.uint8)
    return backend, backend.prepare([rings.astype(np.uint8), noise])[0]


@cache
def embedded_layer(mixer: str, name: str) -> Layer:
    backend, batch = embedded(mixer)
    return read_layer(backend.model, batch, name)
