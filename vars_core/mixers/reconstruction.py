"""VARS-D and VARS-SD: sparse reconstruction over a dictionary that is built from the tokens (SPEC §1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vars_core.dictionaries import DenseDictionary, unit_columns
from vars_core.mixers.base import Mixer
from vars_core.operators import SparseReconstruction
from vars_core.random_features import RandomFeatures
from vars_core.solver import Ista, Lista
from vars_core.tokens import Grid, require_grid, split_heads


class DynamicDictionary(nn.Module):
    """P = Φ(X): the random features of the projected tokens, each atom of unit norm over the N tokens."""

    def __init__(self, features: RandomFeatures) -> None:
        super().__init__()
        self.features = features

    def forward(self, q: Tensor, grid: Grid) -> DenseDictionary:
        """q (B, H, N, d) -> dictionary with m atoms."""
        return DenseDictionary(unit_columns(self.features(q)))


class StaticDynamicDictionary(nn.Module):
    """P = [Φ(X) ; A] with learned atoms A (1, H, N, m) that belong to one grid; 2m atoms, normalised together."""

    def __init__(self, features: RandomFeatures, grid: Grid) -> None:
        super().__init__()
        self.features = features
        self.grid = grid
        num_heads, _, num_features = features.matrix.shape
        self.static_atoms = nn.Parameter(torch.randn(1, num_heads, grid[0] * grid[1], num_features))

    def forward(self, q: Tensor, grid: Grid) -> DenseDictionary:
        require_grid("the static atoms belong", self.grid, grid)
        dynamic = self.features(q)
        static = self.static_atoms.to(dynamic.dtype).expand(dynamic.shape[0], -1, -1, -1)
        return DenseDictionary(unit_columns(torch.cat([dynamic, static], dim=-1)), num_static=static.shape[-1])


class DenseReconstruction(Mixer):
    """`vars_d`, `vars_sd`: one projection gives q (= k) and v; z = P·solve(Pᵀv) per head."""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        dictionary: DynamicDictionary | StaticDynamicDictionary,
        solver: Ista | Lista,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.projection = nn.Linear(dim, 2 * dim)
        self.dictionary = dictionary
        self.solver = solver
        self.output = nn.Linear(dim, dim)

    def operator(self, x: Tensor, grid: Grid) -> tuple[SparseReconstruction, Tensor]:
        q, v = (split_heads(part, self.num_heads) for part in self.projection(x).chunk(2, dim=-1))
        return SparseReconstruction(self.dictionary(q, grid), self.solver), v
