"""The two dictionaries of VARS: dense atoms per image and head, and a bank of convolutions applied by FFT (SPEC §1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


class DenseDictionary:
    """P as a matrix of atoms (…, N, m) per image and head; x is (…, N, d), codes are (…, m, d)."""

    def __init__(self, atoms: Tensor) -> None:
        self.atoms = atoms
        self._gram = atoms.transpose(-2, -1) @ atoms

    def encode(self, x: Tensor) -> Tensor:
        return self.atoms.transpose(-2, -1) @ x

    def gram(self, codes: Tensor) -> Tensor:
        return self._gram @ codes

    def coupled(self, coupling: Tensor) -> Callable[[Tensor], Tensor]:
        matrix = coupling @ self._gram @ coupling
        return lambda codes: matrix @ codes

    def decode(self, codes: Tensor) -> Tensor:
        return self.atoms @ codes

    @torch.no_grad()
    def largest_eigenvalue(self) -> Tensor:
        num_tokens, num_atoms = self.atoms.shape[-2:]
        # PᵀP and PPᵀ share their non-zero eigenvalues: take the smaller matrix.
        small = self._gram if num_atoms <= num_tokens else self.atoms @ self.atoms.transpose(-2, -1)
        return torch.linalg.eigvalsh(small.float())[..., -1, None, None]

    @torch.no_grad()
    def row_sum_bound(self) -> Tensor:
        return self._gram.float().abs().sum(-1).amax(-1)[..., None, None] + 1

    def detach(self) -> DenseDictionary:
        return DenseDictionary(self.atoms.detach())


def unit_columns(atoms: Tensor) -> Tensor:
    """Each atom (column) of (…, N, m) scaled to unit L2 norm over the N tokens."""
    return F.normalize(atoms, dim=-2)


@dataclass(frozen=True)
class ConvolutionalDictionary:
    """Pᵀ as r convolutions per channel, given by complex spectra (C, r, h, w//2+1); P is its transpose.

    x is (B, C, h, w), codes are (B, C, r, h, w). ``bound`` is L per channel, (C,). The Gram is applied in frequency
    space: learned spectra need not be Hermitian in the columns of frequency 0 and w/2, where a detour over the image
    (encode after decode) would drop their anti-Hermitian part in between.
    """

    spectra: Tensor
    bound: Tensor
    grid: tuple[int, int]

    def encode(self, x: Tensor) -> Tensor:
        return self._inverse(self.spectra * self._forward(x).unsqueeze(2))

    def gram(self, codes: Tensor) -> Tensor:
        return self._inverse(self.spectra * self._correlate(codes).unsqueeze(2))

    def decode(self, codes: Tensor) -> Tensor:
        return self._inverse(self._correlate(codes))

    def largest_eigenvalue(self) -> Tensor:
        return self.bound.detach()[:, None, None, None]

    def row_sum_bound(self) -> Tensor:
        raise NotImplementedError("LISTA's bound belongs to dense atoms; a convolutional dictionary is solved by ISTA")

    def coupled(self, coupling: Tensor) -> Callable[[Tensor], Tensor]:
        raise NotImplementedError("LISTA's coupling belongs to dense atoms; a convolutional dictionary is solved by ISTA")

    def detach(self) -> ConvolutionalDictionary:
        return ConvolutionalDictionary(self.spectra.detach(), self.bound.detach(), self.grid)

    def _correlate(self, codes: Tensor) -> Tensor:
        return (self.spectra.conj() * self._forward(codes)).sum(2)

    def _forward(self, image: Tensor) -> Tensor:
        return torch.fft.rfft2(image.float(), norm="ortho")

    def _inverse(self, spectrum: Tensor) -> Tensor:
        return torch.fft.irfft2(spectrum, s=self.grid, norm="ortho")


def convolutional_bound(spectra: Tensor, width: int) -> Tensor:
    """Largest eigenvalue of u ↦ PᵀPu per channel for spectra (C, r, h, width//2+1): float (C,).

    At a frequency f inside the half plane PᵀP acts as K(f)K(f)ᴴ, with eigenvalue ‖K(f)‖². In the self-conjugate
    columns (frequency 0, and width/2 when width is even) a real image only sees the Hermitian part
    (M(f) + conj M(−f))/2 of M = KKᴴ.
    """
    kernels = spectra.detach().to(torch.complex128)
    edge = [0] + ([width // 2] if width % 2 == 0 else [])
    interior = [k for k in range(kernels.shape[-1]) if k not in edge]
    if interior:
        inside = kernels[..., interior].abs().square().sum(1).amax((1, 2))
    else:
        inside = torch.zeros_like(inside)
    columns = kernels[..., edge].permute(0, 3, 2, 1)  # (C, edges, h, r)
    outer = columns[..., :, None] * columns[..., None, :].conj()  # M(f), (C, edges, h, r, r)
    mirrored = outer.roll(-1, dims=2).flip(2).conj()  # conj M(−f)
    hermitian = torch.linalg.eigvalsh((outer + mirrored) / 2)[..., -1].amax((1, 2))
    return torch.maximum(inside, hermitian).float()
