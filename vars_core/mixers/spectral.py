"""Mixers that act on the whole grid through its Fourier transform: VARS-S and GFNet's global filter (SPEC §1)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from vars_core.channel_matrices import ChannelDictionary, channel_matrices, pays, times
from vars_core.dictionaries import ConvolutionalDictionary, convolutional_bound
from vars_core.errors import InputError
from vars_core.grid_bound import GridBound
from vars_core.grid_transform import grid_transform
from vars_core.mixers.base import Mixer
from vars_core.mixers.kind import Explained, LayerShape, MixerKind, Solving
from vars_core.operators import LinearMixing, OnGrid, SparseReconstruction
from vars_core.precision import at_least_float32
from vars_core.resample import resample_spectrum
from vars_core.solver import SHRUNK, Ista
from vars_core.tokens import Grid, require_grid, to_image, to_sequence


class Spectrum(GridBound):
    """Learned complex spectra of ``num_kernels`` real filters per channel over one grid, (C, r, 1, h, w//2+1, 2).

    They start as the transforms of noise windowed to a few tokens around the origin: true real filters (Hermitian
    spectra), local, of mean square magnitude ``power`` per frequency. Gradients keep them Hermitian.
    """

    grid_bound = ("weight",)

    def __init__(self, dim: int, num_kernels: int, grid: Grid, power: float) -> None:
        super().__init__()
        self.grid = grid
        ys, xs = (torch.fft.fftfreq(n, 1 / n) for n in grid)
        window = torch.exp(-(ys[:, None] ** 2 + xs[None, :] ** 2) / 2)
        kernels = torch.randn(dim, num_kernels, 1, *grid) * window
        spectra = torch.fft.rfft2(kernels) * (power / window.square().sum()).sqrt()
        self.weight = nn.Parameter(torch.view_as_real(spectra).contiguous())
        self.transform = grid_transform(grid)

    def forward(self, grid: Grid) -> Tensor:
        """Complex spectra (C, r, h, w//2+1)."""
        require_grid("the learned spectra belong", self.grid, grid)
        return complex_spectra(self.weight)

    def resampled(self, stored: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
        return {name: resample_spectrum(weight, self.grid, prefix + name) for name, weight in stored.items()}


def complex_spectra(weight: Tensor) -> Tensor:
    """(C, r, 1, h, w//2+1, 2) -> complex (C, r, h, w//2+1)."""
    return torch.view_as_complex(at_least_float32(weight).contiguous()).squeeze(2)


class StaticDictionary(GridBound):
    """Pᵀ as r convolutions per channel, with the stored bound L, (C,), on the eigenvalues of PᵀP."""

    grid_bound = ("spectrum.weight",)
    bound: Tensor

    def __init__(self, dim: int, num_kernels: int, grid: Grid) -> None:
        super().__init__()
        self.grid = grid
        self.spectrum = Spectrum(dim, num_kernels, grid, power=0.87)
        self.register_buffer("bound", self.measured_bound())

    def forward(self, grid: Grid) -> ConvolutionalDictionary:
        return ConvolutionalDictionary(self.spectrum(grid), self.bound, self.spectrum.transform)

    def measured_bound(self) -> Tensor:
        """L computed from the spectra as they are, (C,)."""
        return convolutional_bound(self.spectrum(self.grid), self.grid[1])

    @torch.no_grad()
    def refresh_bound(self, weight: float = 1.0) -> None:
        """Move the stored L towards the measured one by ``weight`` in [0, 1] (training: every 100 steps by 0.1)."""
        self.bound.lerp_(self.measured_bound().to(self.bound), weight)

    def resampled(self, stored: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
        """L belongs to the spectra: it is measured anew with them."""
        (key, weight), *_ = stored.items()
        spectra = resample_spectrum(weight, self.grid, prefix + key)
        return {key: spectra, "bound": convolutional_bound(complex_spectra(spectra), self.grid[1])}


class SpatialFilter(nn.Module):
    """One learned spectrum per channel: a global circular convolution of tokens (B, N, C)."""

    def __init__(self, dim: int, grid: Grid) -> None:
        super().__init__()
        self.spectrum = Spectrum(dim, 1, grid, power=1.0)

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        return filtered_tokens(tokens, self.spectrum, grid)


def filtered_tokens(tokens: Tensor, spectrum: Spectrum, grid: Grid) -> Tensor:
    """(B, N, C) filtered by one spectrum per channel."""
    image, transform, spectra = to_image(tokens, grid), spectrum.transform, spectrum(grid)[:, 0]

    def filtered(image: Tensor) -> Tensor:
        return transform.inverse(transform(image) * spectra)

    if pays(len(tokens), tokens.shape[1], tokens.device):
        return to_sequence(times(image, channel_matrices(filtered, grid, spectra), grid))
    return to_sequence(filtered(image))


class GlobalFilter(Mixer):
    """`filter`: GFNet's own mixer."""

    def __init__(self, dim: int, grid: Grid) -> None:
        super().__init__()
        self.spectrum = Spectrum(dim, 1, grid, power=1.0)
        self.output = nn.Identity()

    def operator(self, x: Tensor, grid: Grid) -> tuple[LinearMixing, Tensor]:
        mixing = LinearMixing(lambda v: filtered_tokens(v.squeeze(1), self.spectrum, grid).unsqueeze(1))
        return mixing, x.unsqueeze(1)


class TokenBatchNorm(nn.BatchNorm1d):
    """BatchNorm over tokens (B, N, C)."""

    def forward(self, tokens: Tensor) -> Tensor:
        return super().forward(tokens.transpose(1, 2)).transpose(1, 2)


class ConvolutionalReconstruction(Mixer):
    """`vars_s`: sparse reconstruction over a convolutional dictionary, without heads.

    ``value`` gives v; z = P·solve(Pᵀv); then ``second`` (a `SpatialFilter`), ``norm`` and ``output``. On GFNet, where
    the dictionary replaces the filter alone, ``value``, ``norm`` and ``output`` are identities, ``second`` is None.
    """

    def __init__(
        self,
        dictionary: StaticDictionary,
        solver: Ista,
        value: nn.Module,
        second: SpatialFilter | None,
        norm: nn.Module,
        output: nn.Module,
    ) -> None:
        super().__init__()
        self.value = value
        self.dictionary = dictionary
        self.solver = solver
        self.second = second
        self.norm = norm
        self.output = output

    def initialise(self) -> None:
        """The value projection is large, 1.5/√C: nothing norms its input, and codes below λ have no gradient."""
        if isinstance(self.value, nn.Linear):
            nn.init.normal_(self.value.weight, std=1.5 / math.sqrt(self.value.in_features))

    def operator(self, x: Tensor, grid: Grid) -> tuple[OnGrid, Tensor]:
        v = self.value(x).unsqueeze(1)
        spectral = self.dictionary(grid)
        num_codes = spectral.spectra.shape[1] * v.shape[-2]
        by_matrices = pays(len(v) * self.solver.num_steps, num_codes, v.device)
        dictionary = ChannelDictionary(spectral) if by_matrices else spectral
        return OnGrid(SparseReconstruction(dictionary, self.solver), grid), v

    def project(self, z: Tensor, grid: Grid) -> Tensor:
        if self.second is not None:
            z = self.second(z, grid)
        return self.output(self.norm(z))


def build_convolutional(shape: LayerShape, solving: Solving) -> ConvolutionalReconstruction:
    """`vars_s` as released."""
    dim = shape.dim
    return ConvolutionalReconstruction(
        dictionary=StaticDictionary(dim, shape.num_kernels, shape.grid),
        solver=convolutional_solver(shape, solving),
        value=nn.Linear(dim, dim),
        second=SpatialFilter(dim, shape.grid),
        norm=TokenBatchNorm(dim),
        output=nn.Linear(dim, dim),
    )


def build_filter_replacement(shape: LayerShape, solving: Solving) -> ConvolutionalReconstruction:
    """`vars_s` as it stands in for GFNet's filter: the dictionary alone, no projections, no second spectrum."""
    return ConvolutionalReconstruction(
        dictionary=StaticDictionary(shape.dim, shape.num_kernels, shape.grid),
        solver=convolutional_solver(shape, solving),
        value=nn.Identity(),
        second=None,
        norm=nn.Identity(),
        output=nn.Identity(),
    )


def convolutional_solver(shape: LayerShape, solving: Solving) -> Ista:
    """ISTA from u₀ = S_λ(Pᵀx), as VARS-S was released."""
    if solving.solver == "lista":
        raise InputError("vars_s has no 'lista' setting: its learned coupling is defined for dense atoms; use 'ista'")
    lam = shape.convolutional_lam if solving.lam is None else solving.lam
    return Ista(lam, solving.num_steps, start=SHRUNK)


def no_norm_then_batch_norm(dim: int) -> tuple[nn.Module, nn.Module]:
    """The released block's around `vars_s`, which brings its own (SPEC §1)."""
    return nn.Identity(), TokenBatchNorm(dim)


VARS_S = MixerKind(
    "vars_s",
    title="VARS-S",
    words="Sparse reconstruction over a static dictionary: learned kernels, convolved over the whole grid.",
    build=build_convolutional,
    solvers=("ista",),
    norms=no_norm_then_batch_norm,
    replacing_filter=build_filter_replacement,
    weighing=Explained(
        "The dictionary is static: r learned kernels κ a channel, the same for every photograph, moved over the whole "
        "grid. A code says how much of a kernel is taken at a place.",
        r"P u = \sum_{k=1}^{r} \kappa_k * u_k, \qquad u_0 = S_\lambda(P^\top x)",
    ),
    mixing=Explained(
        "Each step takes from a code what others explain already, and sets small codes to zero (ISTA, the paper's "
        "eq. 12). The convolutions are products of Fourier transforms.",
        r"u_{t+1} = S_{\lambda/L}\!\left(u_t - \tfrac1L \left(P^\top P\,u_t - P^\top x\right)\right), \qquad z_t = P "
        r"u_t",
    ),
)

FILTER = MixerKind(
    "filter",
    title="global filter",
    words="GFNet's own mixer: every channel is filtered by one learned spectrum over the whole grid.",
    build=lambda shape, _: GlobalFilter(shape.dim, shape.grid),
    families=("gfnet",),
    weighing=Explained(
        "A filter has neither codes nor weights of this photograph: a learned complex spectrum F a channel says what "
        "every frequency of the grid is multiplied by.",
        r"F \in \mathbb{C}^{C \times h \times (w/2+1)}",
    ),
    mixing=Explained(
        "Transformed, multiplied, transformed back, once: the same for every photograph, with nothing to settle.",
        r"z = \mathcal{F}^{-1}\!\left(F \odot \mathcal{F}(x)\right)",
    ),
)
