"""The two dictionaries of VARS: dense atoms per image and head, and convolutions in frequency space (SPEC §1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from vars_core.grid_transform import FastTransform, GridTransform
from vars_core.precision import at_least_float32


class DenseDictionary:
    """P as a matrix of atoms (…, N, m) per image and head; x is (…, N, d), codes are (…, m, d).

    The last ``num_static`` atoms are learned, those before are computed from the tokens. ``gram``: PᵀP where it is
    known already.
    """

    def __init__(self, atoms: Tensor, num_static: int = 0, gram: Tensor | None = None) -> None:
        self.atoms = atoms
        self.num_static = num_static
        self._gram = atoms.transpose(-2, -1) @ atoms if gram is None else gram

    @property
    def num_dynamic(self) -> int:
        return self.atoms.shape[-1] - self.num_static

    def encode(self, x: Tensor) -> Tensor:
        return self.atoms.transpose(-2, -1) @ x

    def combine(self, codes: Tensor) -> Tensor:
        return codes  # P and PᵀP are separate matrices: they have nothing in common but the codes

    def gram(self, combined: Tensor) -> Tensor:
        return self._gram @ combined

    def coupled(self, coupling: Tensor) -> Callable[[Tensor], Tensor]:
        matrix = coupling @ self._gram @ coupling
        return lambda combined: matrix @ combined

    def decode(self, combined: Tensor) -> Tensor:
        return self.atoms @ combined

    def columns(self) -> Tensor:
        return self.atoms.transpose(-2, -1)

    def largest_eigenvalue(self) -> Tensor:
        atoms, gram = self.atoms.detach(), self._gram.detach()
        num_tokens, num_atoms = atoms.shape[-2:]
        # PᵀP and PPᵀ share their non-zero eigenvalues: take the smaller matrix.
        small = gram if num_atoms <= num_tokens else atoms @ atoms.transpose(-2, -1)
        return torch.linalg.eigvalsh(at_least_float32(small))[..., -1, None, None]

    def row_sum_bound(self) -> Tensor:
        row_sums = torch.linalg.vector_norm(at_least_float32(self._gram.detach()), ord=1, dim=-1)
        return row_sums.amax(-1)[..., None, None] + 1

    def double(self) -> DenseDictionary:
        return DenseDictionary(self.atoms.detach().double(), self.num_static)

    def only(self, x: Tensor, head: int, channel: int) -> tuple[DenseDictionary, Tensor]:
        return DenseDictionary(self.atoms[:, [head]], self.num_static), x[:, [head]][..., [channel]]


def unit_columns(atoms: Tensor) -> Tensor:
    """Each atom (column) of (…, N, m) scaled to unit L2 norm over the N tokens."""
    return F.normalize(atoms, dim=-2)


@dataclass(frozen=True)
class ConvolutionalDictionary:
    """Pᵀ as r convolutions per channel, given by complex spectra (C, r, h, w//2+1); P is its transpose.

    x is (B, C, h, w), codes are (B, C, r, h, w), combined they are the spectrum of Pu, (B, C, h, w//2+1). ``bound`` is
    L per channel, (C,). The Gram is applied in frequency space: learned spectra need not be Hermitian in the columns of
    frequency 0 and w/2, where a detour over the image (encode after decode) would drop their anti-Hermitian part.
    """

    spectra: Tensor
    bound: Tensor
    transform: GridTransform
    num_dynamic: ClassVar[int] = 0

    def encode(self, x: Tensor) -> Tensor:
        return self.transform.inverse(self.spectra * self.transform(x).unsqueeze(2))

    def combine(self, codes: Tensor) -> Tensor:
        return (self.spectra.conj() * self.transform(codes)).sum(2)

    def gram(self, combined: Tensor) -> Tensor:
        return self.transform.inverse(self.spectra * combined.unsqueeze(2))

    def decode(self, combined: Tensor) -> Tensor:
        return self.transform.inverse(combined)

    def columns(self) -> Tensor:
        at_origin = self.transform.inverse(self.spectra.conj().resolve_conj())
        height, width = at_origin.shape[-2:]
        centred = at_origin.roll((height // 2, width // 2), dims=(-2, -1))
        return centred.flatten(-2) * (height * width) ** -0.5  # the orthonormal transform of a code of one

    def largest_eigenvalue(self) -> Tensor:
        return self.bound.detach()[:, None, None, None]

    def row_sum_bound(self) -> Tensor:
        raise NotImplementedError("LISTA's bound belongs to dense atoms; a convolutional dictionary is solved by ISTA")

    def coupled(self, coupling: Tensor) -> Callable[[Tensor], Tensor]:
        raise NotImplementedError(
            "LISTA's coupling belongs to dense atoms; a convolutional dictionary is solved by ISTA"
        )

    def double(self) -> ConvolutionalDictionary:
        """Its bound is measured: the stored one follows the spectra slowly and may lie below their eigenvalue."""
        spectra, grid = self.spectra.detach(), self.transform.grid
        bound = convolutional_bound(spectra, grid[1]).to(torch.float64)
        return ConvolutionalDictionary(spectra.to(torch.complex128), bound, FastTransform(grid))

    def only(self, x: Tensor, head: int, channel: int) -> tuple[ConvolutionalDictionary, Tensor]:
        one = ConvolutionalDictionary(self.spectra[[channel]], self.bound[[channel]], self.transform)
        return one, x[:, [channel]]


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
        inside = torch.zeros(len(kernels), dtype=torch.float64, device=kernels.device)  # a grid of width 1 or 2
    columns = kernels[..., edge].permute(0, 3, 2, 1)  # (C, edges, h, r)
    outer = columns[..., :, None] * columns[..., None, :].conj()  # M(f), (C, edges, h, r, r)
    mirrored = outer.roll(-1, dims=2).flip(2).conj()  # conj M(−f)
    hermitian = torch.linalg.eigvalsh((outer + mirrored) / 2)[..., -1].amax((1, 2))
    return torch.maximum(inside, hermitian).float()
