"""VARS-D, VARS-SD and Performer: what their features and atoms need not compute anew for every image."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vars_core.dictionaries import DenseDictionary, unit_columns
from vars_core.inference.freeze import frozen
from vars_core.mixers.reconstruction import StaticDynamicDictionary
from vars_core.random_features import RandomFeatures
from vars_core.tokens import Grid, require_grid


class ScalelessFeatures(nn.Module):
    """Φ up to a constant, exp(q̂R) with q̂ = q/‖q‖: every mixer scales what it makes of its features afterwards."""

    def __init__(self, features: RandomFeatures) -> None:
        super().__init__()
        self.matrix = features.matrix

    def forward(self, q: Tensor) -> Tensor:
        """(B, H, N, d) -> (B, H, N, m) in the precision of the matrix, whatever autocast says."""
        with torch.autocast(q.device.type, enabled=False):
            return (F.normalize(q.to(self.matrix.dtype), dim=-1) @ self.matrix).exp()


class HalfKnownDictionary(nn.Module):
    """[Φ(q) ; A] with A and AᵀA known: of the Gram only [ΦᵀΦ ; ΦᵀA] is computed."""

    def __init__(self, dictionary: StaticDynamicDictionary) -> None:
        super().__init__()
        self.features = frozen(dictionary.features)
        self.grid = dictionary.grid
        self.static = unit_columns(dictionary.static_atoms.detach())
        self.static_gram = self.static.transpose(-2, -1) @ self.static

    def forward(self, q: Tensor, grid: Grid) -> DenseDictionary:
        require_grid("the static atoms belong", self.grid, grid)
        dynamic = unit_columns(self.features(q))
        batch, num_dynamic = len(q), dynamic.shape[-1]
        atoms = torch.cat([dynamic, self.static.expand(batch, -1, -1, -1)], dim=-1)
        upper = dynamic.transpose(-2, -1) @ atoms  # (B, H, m, 2m)
        mixed = upper[..., num_dynamic:].transpose(-2, -1)
        lower = torch.cat([mixed, self.static_gram.to(mixed.dtype).expand(batch, -1, -1, -1)], dim=-1)
        return DenseDictionary(atoms, self.static.shape[-1], torch.cat([upper, lower], dim=-2))


@frozen.register
def _(features: RandomFeatures) -> nn.Module:
    return ScalelessFeatures(features)


@frozen.register
def _(dictionary: StaticDynamicDictionary) -> nn.Module:
    return HalfKnownDictionary(dictionary)
