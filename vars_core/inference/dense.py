"""VARS-D, VARS-SD and Performer: what their features and atoms need not compute anew for every image."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vars_core.dictionaries import DenseDictionary, unit_columns
from vars_core.inference.freeze import frozen, with_frozen_children
from vars_core.inference.native.atoms import NativeAtoms, NativeAtomsReconstruction, native_atoms
from vars_core.mixers.base import Mixer
from vars_core.mixers.reconstruction import DenseReconstruction, DynamicDictionary, StaticDynamicDictionary
from vars_core.operators import Operator, SparseReconstruction
from vars_core.random_features import RandomFeatures
from vars_core.solver import Lista
from vars_core.tokens import Grid, require_grid
from vars_core.trace import LayerRecorder


class ScalelessFeatures(nn.Module):
    """Φ up to a constant, exp(q̂R) with q̂ = q/‖q‖: every mixer scales what it makes of its features afterwards."""

    def __init__(self, features: RandomFeatures) -> None:
        super().__init__()
        self.matrix = features.matrix

    def forward(self, q: Tensor) -> Tensor:
        """(B, H, N, d) -> (B, H, N, m) in the precision of the matrix, whatever autocast says."""
        with torch.autocast(q.device.type, enabled=False):
            return (F.normalize(q.to(self.matrix.dtype), dim=-1) @ self.matrix).exp()


class ScaledDictionary(DenseDictionary):
    """P = ΦS from features Φ as they are, (…, N, m), and S that makes their columns of unit norm.

    The norms are the roots of ΦᵀΦ's diagonal, which is computed anyway: no pass over the tokens divides by them.
    """

    def __init__(self, features: Tensor, raw_gram: Tensor, num_static: int = 0) -> None:
        self.scale = raw_gram.diagonal(dim1=-2, dim2=-1).sqrt().clamp_min(1e-12).reciprocal().unsqueeze(-1)
        super().__init__(features, num_static, self.scale * raw_gram * self.scale.transpose(-2, -1))

    def encode(self, x: Tensor) -> Tensor:
        return self.scale * super().encode(x)

    def decode(self, combined: Tensor) -> Tensor:
        return super().decode(self.scale * combined)

    def columns(self) -> Tensor:
        return self._unit().columns()

    def largest_eigenvalue(self) -> Tensor:
        return self._unit().largest_eigenvalue()

    def double(self) -> DenseDictionary:
        return self._unit().double()

    def only(self, x: Tensor, head: int, channel: int) -> tuple[DenseDictionary, Tensor]:
        return self._unit().only(x, head, channel)

    def _unit(self) -> DenseDictionary:
        return DenseDictionary(self.atoms * self.scale.transpose(-2, -1), self.num_static, self._gram)


class ScaledDynamic(nn.Module):
    """`DynamicDictionary` without a pass over its atoms."""

    def __init__(self, dictionary: DynamicDictionary) -> None:
        super().__init__()
        self.features = frozen(dictionary.features)
        self.native = native_atoms(dictionary.features.matrix)

    def forward(self, q: Tensor, grid: Grid) -> DenseDictionary:
        features = self.features(q)
        return ScaledDictionary(features, features.transpose(-2, -1) @ features)


class HalfKnownDictionary(nn.Module):
    """[Φ(q) ; A] with A and AᵀA known: of the Gram only [ΦᵀΦ ; ΦᵀA] is computed."""

    def __init__(self, dictionary: StaticDynamicDictionary) -> None:
        super().__init__()
        self.features = frozen(dictionary.features)
        self.grid = dictionary.grid
        self.static = unit_columns(dictionary.static_atoms.detach())
        self.static_gram = self.static.transpose(-2, -1) @ self.static
        self.native = native_atoms(dictionary.features.matrix, self.static[0], self.static_gram[0], self.grid)

    def forward(self, q: Tensor, grid: Grid) -> DenseDictionary:
        require_grid("the static atoms belong", self.grid, grid)
        dynamic = self.features(q)
        batch, num_dynamic = len(q), dynamic.shape[-1]
        features = torch.cat([dynamic, self.static.expand(batch, -1, -1, -1)], dim=-1)
        upper = dynamic.transpose(-2, -1) @ features  # (B, H, m, 2m)
        mixed = upper[..., num_dynamic:].transpose(-2, -1)
        lower = torch.cat([mixed, self.static_gram.to(mixed.dtype).expand(batch, -1, -1, -1)], dim=-1)
        return ScaledDictionary(features, torch.cat([upper, lower], dim=-2), self.static.shape[-1])


class NativeDenseReconstruction(Mixer):
    """`DenseReconstruction`, its children made over, as one compiled loop."""

    def __init__(self, mixer: DenseReconstruction, native: NativeAtoms) -> None:
        super().__init__()
        self.plain = mixer
        self.output = mixer.output
        self.native = native

    @torch.compiler.disable
    def attend(self, x: Tensor, grid: Grid, trace: LayerRecorder | None = None) -> Tensor:
        return super().attend(x, grid, trace)

    def operator(self, x: Tensor, grid: Grid) -> tuple[Operator, Tensor]:
        q, v = self.plain.projected(x)
        dictionary, solver = self.plain.dictionary, self.plain.solver
        if self.native.takes(q, grid) and isinstance(solver, Lista):
            return NativeAtomsReconstruction(self.native, q, lambda q: dictionary(q, grid), solver), v
        return SparseReconstruction(dictionary(q, grid), solver), v


@frozen.register
def _(mixer: DenseReconstruction) -> nn.Module:
    twin = with_frozen_children(mixer)
    native = cast(ScaledDynamic | HalfKnownDictionary, twin.dictionary).native
    return twin if native is None else NativeDenseReconstruction(twin, native)


@frozen.register
def _(features: RandomFeatures) -> nn.Module:
    return ScalelessFeatures(features)


@frozen.register
def _(dictionary: DynamicDictionary) -> nn.Module:
    return ScaledDynamic(dictionary)


@frozen.register
def _(dictionary: StaticDynamicDictionary) -> nn.Module:
    return HalfKnownDictionary(dictionary)
