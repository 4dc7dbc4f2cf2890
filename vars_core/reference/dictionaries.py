"""P, Pᵀ and PᵀP written out (SPEC §1 "Dictionaries").

A `ReferenceDictionary` acts on the columns of matrices, so that applying it to the identity gives its own matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

LinearMap = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class ReferenceDictionary:
    """encode Pᵀ: (…, N, n) -> (…, M, n); gram PᵀP: (…, M, n) -> (…, M, n); decode P: (…, M, n) -> (…, N, n)."""

    encode: LinearMap
    gram: LinearMap
    decode: LinearMap


def random_features(q: Tensor, random_matrix: Tensor) -> Tensor:
    """Φ = exp(q R − ‖q‖²/2)/√m for one head: q (N, d), R (d, m) -> (N, m)."""
    d, m = random_matrix.shape
    q = q * d ** (-1 / 4)
    q = q / torch.sqrt((q**2).sum(1, keepdim=True))  # first to unit length over d
    return torch.exp(q @ random_matrix - (q**2).sum(1, keepdim=True) / 2) / math.sqrt(m)


def unit_atoms(atoms: Tensor) -> Tensor:
    """Each column (atom) of P (N, m) to unit L2 norm over the N tokens."""
    return atoms / torch.sqrt((atoms**2).sum(0, keepdim=True))


def dense(matrix: Tensor) -> ReferenceDictionary:
    """The dictionary of an explicit P (N, m)."""
    gram = matrix.T @ matrix
    return ReferenceDictionary(lambda x: matrix.T @ x, lambda u: gram @ u, lambda u: matrix @ u)


def largest_eigenvalue(matrix: Tensor) -> Tensor:
    """L of ISTA: the largest eigenvalue of PᵀP (eq. 12)."""
    return torch.linalg.eigvalsh(matrix.T @ matrix).max()


def row_sum_bound(matrix: Tensor) -> Tensor:
    """L of LISTA: (largest row sum of |PᵀP|) + 1."""
    return (matrix.T @ matrix).abs().sum(1).max() + 1


@dataclass(frozen=True)
class FourierTransform:
    """The orthonormal transform of real images on h × w tokens over the half plane of F = h·(w//2 + 1) frequencies.

    ``waves`` (N, F): e^{2πi(a·y/h + b·x/w)}/√N. ``counts`` (F,): 2 where a frequency stands for its mirror too, else 1.
    """

    waves: Tensor
    counts: Tensor

    def forward(self, image: Tensor) -> Tensor:
        """x̂[f] = Σₙ conj(wave[n, f]) x[n] for every column: (…, N, n) real -> (…, F, n) complex."""
        return self.waves.conj().T @ image.to(self.waves.dtype)

    def inverse(self, spectrum: Tensor) -> Tensor:
        """x[n] = Re Σ_f counts[f] wave[n, f] x̂[f] for every column: (…, F, n) complex -> (…, N, n) real."""
        return (self.waves @ (self.counts[:, None] * spectrum)).real


def fourier_transform(height: int, width: int, dtype: torch.dtype) -> FourierTransform:
    """The transform for one grid, in the precision of ``dtype``."""
    y, x, a, b = (torch.arange(n, dtype=dtype) for n in (height, width, height, width // 2 + 1))
    cycles = y[:, None, None, None] * a[:, None] / height + x[:, None, None] * b / width  # (h, w, h, w//2+1)
    waves = torch.exp(2j * math.pi * cycles.reshape(height * width, -1)) / math.sqrt(height * width)
    self_mirrored = (b == 0) | (2 * b == width)
    counts = torch.where(self_mirrored, 1.0, 2.0).to(dtype).repeat(height)
    return FourierTransform(waves, counts)


def half_plane(weight: Tensor) -> Tensor:
    """Stored spectra (C, r, 1, h, w//2+1, 2), real and imaginary part last -> complex (C, r, F, 1)."""
    return torch.complex(weight[..., 0], weight[..., 1]).reshape(weight.shape[0], weight.shape[1], -1, 1)


def convolutional(weight: Tensor, fourier: FourierTransform) -> ReferenceDictionary:
    """The dictionary of r convolutions per channel with stored spectra ``weight``.

    x is (C, N, n), codes are (C, r·N, n): the r images of codes one below the other. PᵀP multiplies in frequency space,
    kernel by kernel, without a detour over the image.
    """
    kernels = half_plane(weight).unbind(1)  # r times (C, F, 1)

    def filtered(spectrum: Tensor) -> Tensor:
        return torch.cat([fourier.inverse(kernel * spectrum) for kernel in kernels], dim=-2)

    def correlated(u: Tensor) -> Tensor:
        parts = u.chunk(len(kernels), dim=-2)
        return sum(
            (kernel.conj() * fourier.forward(codes) for kernel, codes in zip(kernels, parts, strict=True)),
            start=torch.zeros((), dtype=fourier.waves.dtype),
        )

    return ReferenceDictionary(
        encode=lambda x: filtered(fourier.forward(x)),
        gram=lambda u: filtered(correlated(u)),
        decode=lambda u: fourier.inverse(correlated(u)),
    )
