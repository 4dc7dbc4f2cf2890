"""VARS-S in one loop of C++ (``convolutions.cpp``): the numbers of `vars_core.inference.spectral`, to rounding."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from vars_core.inference.gradient import with_gradient
from vars_core.inference.native.call import LANES, REALS, call, numbers
from vars_core.inference.native.compiler import library
from vars_core.operators import Iterates, SparseReconstruction
from vars_core.solver import AT_DRIVE, SHRUNK, Dictionary, Ista
from vars_core.tokens import Grid

SOURCE = Path(__file__).with_name("convolutions.cpp")

SHORTEST_SIDE = 3
"""Of a grid: a shorter one has no sines, which the loop counts on."""


class NativeConvolutions:
    """The compiled loop for one layer's spectra (C, r, h, w//2+1) and bounds (C,) over a grid."""

    def __init__(self, loaded: ctypes.CDLL, spectra: Tensor, bound: Tensor) -> None:
        num_channels, self.num_kernels, height, frequencies = spectra.shape
        parts = torch.view_as_real(spectra).view(-1, LANES, self.num_kernels, height, frequencies, 2)
        self.filters = parts.permute(0, 2, 4, 3, 5, 1).contiguous()
        self.bound = bound.to(self.filters.dtype).contiguous()
        self.num_channels = num_channels
        self._loaded = loaded  # compiled for this number of kernels, grid and precision

    def reconstruct(self, tokens: Tensor, solver: Ista, *, every: bool, codes: bool) -> tuple[Tensor, Tensor | None]:
        """x (B, N, C) -> z_t = Pu_t, (T+1, B, N, C), or with ``every`` False the last alone; u_t (T+1, B, N, r, C)."""
        shape = self._iterates(tokens, solver, every)
        z = tokens.new_empty(shape)
        u = tokens.new_empty(*shape[:3], self.num_kernels, shape[3]) if codes else None
        call(self._loaded.reconstruct, tokens.contiguous(), z, u, *self._rest(tokens, solver, every))
        return z, u

    def pull_back(self, tokens: Tensor, weights: Tensor, solver: Ista, *, every: bool) -> Tensor:
        """The gradient of ⟨w, z_t⟩ by x for each t, (T+1, B, N, C), or with ``every`` False of z_T alone."""
        gradients = tokens.new_empty(self._iterates(tokens, solver, every))
        weights = weights.to(tokens.dtype).expand_as(tokens).contiguous()
        call(self._loaded.pull_back, tokens.contiguous(), weights, gradients, *self._rest(tokens, solver, every))
        return gradients

    def convolve(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N, C) times the one spectrum a channel, r = 1."""
        filtered = torch.empty_like(tokens, memory_format=torch.contiguous_format)
        call(self._loaded.convolve, tokens.contiguous(), filtered, self.filters, len(tokens), self.num_channels)
        return filtered

    def _rest(self, tokens: Tensor, solver: Ista, every: bool) -> tuple[Tensor | int | float, ...]:
        settings = (float(solver.lam), solver.num_steps, solver.start is SHRUNK, every)
        return self.filters, self.bound, *settings, len(tokens), self.num_channels

    def _iterates(self, tokens: Tensor, solver: Ista, every: bool) -> tuple[int, ...]:
        return solver.num_steps + 1 if every else 1, *tokens.shape

    def takes(self, values: Tensor, solver: Ista) -> bool:
        """Whether the loop computes what ``solver`` does, in the precision of ``values``."""
        return values.dtype == self.bound.dtype and solver.start in (SHRUNK, AT_DRIVE)


def native_convolutions(spectra: Tensor, bound: Tensor, grid: Grid) -> NativeConvolutions | None:
    """None where there is no compiler, or the layer is none that the loop is written for.

    ``bound``: L a channel, (C,); whatever it is where nothing is solved.
    """
    num_channels, num_kernels = spectra.shape[:2]
    here = bound.dtype in REALS and bound.device.type == "cpu"
    if not here or num_channels % LANES or min(grid) < SHORTEST_SIDE:
        return None
    loaded = library(SOURCE, {"H": grid[0], "W": grid[1], "R": num_kernels, **numbers(bound.dtype)})
    return None if loaded is None else NativeConvolutions(loaded, spectra, bound)


class NativeReconstruction(SparseReconstruction):
    """`SparseReconstruction` by the compiled loop: v is (B, 1, N, C), codes are handed on as (B, C, r, h, w)."""

    solver: Ista

    def __init__(self, native: NativeConvolutions, dictionary: Dictionary, solver: Ista, grid: Grid) -> None:
        super().__init__(dictionary, solver)
        self.native = native
        self.grid = grid

    def __call__(self, v: Tensor) -> Tensor:
        z, _ = self.native.reconstruct(v.squeeze(1), self.solver, every=False, codes=False)
        return self._differentiable(v, z[0].unsqueeze(1))

    def iterates(self, v: Tensor, codes: bool = True) -> Iterates:
        """As of every operator; of the z_t only the last has a gradient by v."""
        z, u = self.native.reconstruct(v.squeeze(1), self.solver, every=True, codes=codes)
        for t, iterate in enumerate(z.unsqueeze(2)):
            shown = iterate if t < self.solver.num_steps else self._differentiable(v, iterate)
            yield shown, None if u is None else u[t].unflatten(1, self.grid).permute(0, 4, 3, 1, 2)

    def gradients(self, v: Tensor, weights: Tensor) -> list[Tensor]:
        return list(self.native.pull_back(v.squeeze(1), weights.squeeze(1), self.solver, every=True).unsqueeze(2))

    def _differentiable(self, v: Tensor, z: Tensor) -> Tensor:
        def pull_back(inputs: Sequence[Tensor], gradient: Tensor) -> Sequence[Tensor]:
            tokens, weights = inputs[0].squeeze(1), gradient.squeeze(1)
            return (self.native.pull_back(tokens, weights, self.solver, every=False)[0].unsqueeze(1),)

        return with_gradient(z, (v,), pull_back)
