"""VARS-S on tokens as they lie in memory, without complex numbers or copies to another layout; on CPUs.

Accelerators run it by `vars_core.channel_matrices`, or through their own transforms.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from vars_core.dictionaries import ConvolutionalDictionary
from vars_core.inference.folding import norm_before
from vars_core.inference.freeze import frozen, with_frozen_children
from vars_core.inference.fused import FusedLinear, run
from vars_core.inference.native.convolutions import NativeConvolutions, NativeReconstruction, native_convolutions
from vars_core.inference.separable import SeparableTransform
from vars_core.mixers.base import Mixer
from vars_core.mixers.spectral import ConvolutionalReconstruction, Spectrum, TokenBatchNorm, complex_spectra
from vars_core.operators import Iterates, SparseReconstruction
from vars_core.solver import Ista
from vars_core.tokens import Grid, require_grid
from vars_core.trace import LayerRecorder

VALUES_AT_ONCE = 2**18
"""Codes that a solver keeps going at a time: they stay in a core's cache, where a step is twice as fast."""


class Filters:
    """r real filters a channel by their spectra (C, r, h, f), as factors (h·f, r, C) of tokens' spectra."""

    def __init__(self, spectra: Tensor) -> None:
        factors = torch.view_as_real(spectra).permute(4, 2, 3, 1, 0).flatten(1, 2)  # (2, h·f, r, C)
        self.real, self.imaginary = (part.contiguous() for part in factors)
        self.turned = torch.stack([-self.imaginary, self.imaginary])

    def apply(self, spectrum: Tensor) -> Tensor:
        """(B, 2, h·f, 1, C) -> (B, 2, h·f, r, C): times the spectra."""
        return torch.addcmul(spectrum * self.real, spectrum.flip(1), self.turned)

    def gather(self, spectra: Tensor) -> Tensor:
        """(B, 2, h·f, r, C) -> (B, 2, h·f, 1, C): times the conjugate spectra, summed over the filters."""
        real, imaginary = spectra.unbind(1)
        sums = (
            torch.addcmul(real * self.real, imaginary, self.imaginary).sum(2, keepdim=True),
            torch.addcmul(imaginary * self.real, real, self.turned[0]).sum(2, keepdim=True),
        )
        return torch.stack(sums, 1)


class TokenConvolutions:
    """`ConvolutionalDictionary` on tokens: x is (B, 1, N, C), codes are (B, h, w, r, C)."""

    num_dynamic = 0

    def __init__(self, spectral: ConvolutionalDictionary, transform: SeparableTransform) -> None:
        self.spectral = spectral
        self.transform = transform
        self.filters = Filters(spectral.spectra)
        self.num_kernels = spectral.spectra.shape[1]

    def encode(self, x: Tensor) -> Tensor:
        spectrum = self.transform(x.squeeze(1).unflatten(1, self.transform.grid))
        return self.gram(spectrum.unsqueeze(3))

    def combine(self, codes: Tensor) -> Tensor:
        return self.filters.gather(self.transform(codes.flatten(3)).unflatten(3, (self.num_kernels, -1)))

    def gram(self, combined: Tensor) -> Tensor:
        return self.transform.inverse(self.filters.apply(combined).flatten(3)).unflatten(3, (self.num_kernels, -1))

    def decode(self, combined: Tensor) -> Tensor:
        return self.transform.inverse(combined.squeeze(3)).flatten(1, 2).unsqueeze(1)

    def largest_eigenvalue(self) -> Tensor:
        return self.spectral.bound.detach()

    def row_sum_bound(self) -> Tensor:
        return self.spectral.row_sum_bound()

    def coupled(self, coupling: Tensor) -> Callable[[Tensor], Tensor]:
        return self.spectral.coupled(coupling)

    def columns(self) -> Tensor:
        return self.spectral.columns()

    def double(self) -> ConvolutionalDictionary:
        return self.spectral.double()

    def only(self, x: Tensor, head: int, channel: int) -> tuple[ConvolutionalDictionary, Tensor]:
        return self.spectral.only(x, head, channel)


class TokenReconstruction(SparseReconstruction):
    """Over `TokenConvolutions`, a few images at a time; codes are handed on as (B, C, r, h, w)."""

    def __init__(self, dictionary: TokenConvolutions, solver: Ista) -> None:
        super().__init__(dictionary, solver)
        self.num_kernels = dictionary.num_kernels

    def __call__(self, v: Tensor) -> Tensor:
        return torch.cat([super(TokenReconstruction, self).__call__(images) for images in self._parts(v)])

    def iterates(self, v: Tensor, codes: bool = True) -> Iterates:
        for parts in zip(
            *(super(TokenReconstruction, self).iterates(images) for images in self._parts(v)), strict=True
        ):
            z, u = zip(*parts, strict=True)
            yield torch.cat(z), torch.cat(u).permute(0, 4, 3, 1, 2) if codes else None

    def gradients(self, v: Tensor, weights: Tensor) -> list[Tensor]:
        weights = weights.expand_as(v)
        parts = [
            super(TokenReconstruction, self).gradients(*images)
            for images in zip(self._parts(v), self._parts(weights), strict=True)
        ]
        return [torch.cat(images) for images in zip(*parts, strict=True)]

    def _parts(self, v: Tensor) -> tuple[Tensor, ...]:
        return v.split(max(1, VALUES_AT_ONCE // (self.num_kernels * v[0].numel())))


class TokenFilter:
    """One spectrum per channel: a global circular convolution of tokens (B, N, C)."""

    def __init__(self, spectra: Tensor, transform: SeparableTransform) -> None:
        self.filters = Filters(spectra)
        self.transform = transform

    def __call__(self, tokens: Tensor) -> Tensor:
        spectrum = self.transform(tokens.unflatten(1, self.transform.grid)).unsqueeze(3)
        return self.transform.inverse(self.filters.apply(spectrum).squeeze(3)).flatten(1, 2)


class NativeFilter:
    """`TokenFilter` by the compiled loop."""

    def __init__(self, loop: NativeConvolutions, operations: TokenFilter) -> None:
        self.weight = loop.filters
        self.fused = loop.convolve
        self.plain = operations

    def __call__(self, tokens: Tensor) -> Tensor:
        return run(self, tokens, True)


def token_filter(spectrum: Spectrum, transform: SeparableTransform) -> TokenFilter | NativeFilter:
    spectra = complex_spectra(spectrum.weight.detach())
    operations = TokenFilter(spectra, transform)
    loop = native_convolutions(spectra, spectra.real[:, 0, 0, 0], spectrum.grid)
    return operations if loop is None else NativeFilter(loop, operations)


class TokenConvolutionalReconstruction(Mixer):
    """`ConvolutionalReconstruction` in evaluation: the same `value`, solver and weights, on tokens throughout."""

    def __init__(self, mixer: ConvolutionalReconstruction) -> None:
        super().__init__()
        self.grid = mixer.dictionary.grid
        spectral = mixer.dictionary(self.grid)
        transform = SeparableTransform(self.grid, spectral.bound)
        self.value = frozen(mixer.value)
        self.solver = mixer.solver
        self.dictionary = TokenConvolutions(detached(spectral), transform)
        self.native = native_convolutions(spectral.spectra.detach(), spectral.bound.detach(), self.grid)
        self.second = None if mixer.second is None else token_filter(mixer.second.spectrum, transform)
        self.output = frozen(mixer.output)
        if isinstance(mixer.norm, TokenBatchNorm) and isinstance(mixer.output, nn.Linear):
            self.output = FusedLinear(*norm_before(mixer.output.weight, mixer.output.bias, mixer.norm))

    @torch.compiler.disable
    def attend(self, x: Tensor, grid: Grid, trace: LayerRecorder | None = None) -> Tensor:
        return super().attend(x, grid, trace)

    def operator(self, x: Tensor, grid: Grid) -> tuple[SparseReconstruction, Tensor]:
        require_grid("the learned spectra belong", self.grid, grid)
        v = self.value(x).unsqueeze(1)
        if self.native is not None and self.native.takes(v, self.solver):
            return NativeReconstruction(self.native, self.dictionary, self.solver, grid), v
        return TokenReconstruction(self.dictionary, self.solver), v

    def project(self, z: Tensor, grid: Grid) -> Tensor:
        if self.second is not None:
            z = self.second(z)
        return self.output(z)


def detached(spectral: ConvolutionalDictionary) -> ConvolutionalDictionary:
    return ConvolutionalDictionary(spectral.spectra.detach(), spectral.bound.detach(), spectral.transform)


@frozen.register
def _(mixer: ConvolutionalReconstruction) -> nn.Module:
    if mixer.dictionary.bound.device.type != "cpu":
        return with_frozen_children(mixer)
    return TokenConvolutionalReconstruction(mixer)
