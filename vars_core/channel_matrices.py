"""Convolutions over a small grid as real matrices, one per channel: what a large batch runs fastest on.

A spectral operator is made into its matrix by applying it to the identity, so that spectra which are not Hermitian keep
their meaning. Building costs as much as that many images; the batched products that follow are real.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vars_core.dictionaries import ConvolutionalDictionary
from vars_core.precision import at_least_float32
from vars_core.tokens import Grid

MOST_ROWS = 1024
"""Of one channel's matrix: beyond this its memory outweighs what it saves."""


def pays(num_products: int, num_rows: int, device: torch.device) -> bool:
    """Whether matrices of ``num_rows`` are worth building for so many products each: the one place that chooses.

    On a CPU they never are: the transform by matrices takes as many multiply-adds, and less memory.
    """
    return device.type != "cpu" and num_rows <= min(num_products, MOST_ROWS)


def channel_matrices(operator: Callable[[Tensor], Tensor], shape: tuple[int, ...], like: Tensor) -> Tensor:
    """The matrices (C, n, m) of a linear operator (B, C, *shape) -> (B, C, …), for products from the right."""
    size = torch.Size(shape).numel()
    units = torch.eye(size, dtype=like.real.dtype, device=like.device).reshape(size, 1, *shape)
    return operator(units).flatten(2).transpose(0, 1)


def times(values: Tensor, matrices: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(B, C, …) of n values each, times (C, n, m) -> (B, C, *shape) of m values each."""
    products = values.flatten(2).transpose(0, 1) @ matrices.to(values.dtype)
    return at_least_float32(products).transpose(0, 1).unflatten(2, shape)


class ChannelDictionary:
    """A convolutional dictionary by the matrices of its Pᵀ (N × rN), PᵀP (rN × rN) and P (rN × N), one per channel.

    x is (B, C, h, w), codes are (B, C, r, h, w), combined they are still the codes.
    """

    num_dynamic = 0

    def __init__(self, spectral: ConvolutionalDictionary) -> None:
        self.spectral = spectral
        self.grid: Grid = spectral.transform.grid
        self.codes_shape = (spectral.spectra.shape[1], *self.grid)
        self.matrices = (
            channel_matrices(spectral.encode, self.grid, spectral.spectra),
            channel_matrices(lambda u: spectral.gram(spectral.combine(u)), self.codes_shape, spectral.spectra),
            channel_matrices(lambda u: spectral.decode(spectral.combine(u)), self.codes_shape, spectral.spectra),
        )

    def encode(self, x: Tensor) -> Tensor:
        return times(x, self.matrices[0], self.codes_shape)

    def combine(self, codes: Tensor) -> Tensor:
        return codes

    def gram(self, combined: Tensor) -> Tensor:
        return times(combined, self.matrices[1], self.codes_shape)

    def decode(self, combined: Tensor) -> Tensor:
        return times(combined, self.matrices[2], self.grid)

    def coupled(self, coupling: Tensor) -> Callable[[Tensor], Tensor]:
        return self.spectral.coupled(coupling)

    def columns(self) -> Tensor:
        return self.spectral.columns()

    def largest_eigenvalue(self) -> Tensor:
        return self.spectral.largest_eigenvalue()

    def row_sum_bound(self) -> Tensor:
        return self.spectral.row_sum_bound()

    def double(self) -> ConvolutionalDictionary:
        return self.spectral.double()

    def only(self, x: Tensor, head: int, channel: int) -> tuple[ConvolutionalDictionary, Tensor]:
        return self.spectral.only(x, head, channel)
