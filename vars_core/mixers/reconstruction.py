"""VARS-D and VARS-SD: sparse reconstruction over a dictionary that is built from the tokens (SPEC §1)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from vars_core.dictionaries import DenseDictionary, unit_columns
from vars_core.grid_bound import GridBound
from vars_core.mixers.base import Mixer
from vars_core.mixers.kind import Explained, LayerShape, MixerKind, Solving
from vars_core.operators import Operator, SparseReconstruction
from vars_core.random_features import RandomFeatures
from vars_core.resample import resample_tokens
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


class StaticDynamicDictionary(GridBound):
    """P = [Φ(X) ; A] with learned atoms A (1, H, N, m) that belong to one grid; 2m atoms, normalised together."""

    grid_bound = ("static_atoms",)

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

    def resampled(self, stored: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
        return {name: resample_tokens(atoms, self.grid, prefix + name) for name, atoms in stored.items()}


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

    def projected(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, N, C) -> q and v, (B, H, N, d)."""
        q, v = (split_heads(part, self.num_heads) for part in self.projection(x).chunk(2, dim=-1))
        return q, v

    def operator(self, x: Tensor, grid: Grid) -> tuple[Operator, Tensor]:
        q, v = self.projected(x)
        return SparseReconstruction(self.dictionary(q, grid), self.solver), v


def dense_solver(solving: Solving, num_atoms: int) -> Ista | Lista:
    """The released models' LISTA unless the paper's ISTA is asked for; λ = 0.3 (SPEC §1)."""
    lam = 0.3 if solving.lam is None else solving.lam
    if solving.solver == "ista":
        return Ista(lam, solving.num_steps)
    return Lista(lam, solving.num_steps, num_atoms)


def build_dynamic(shape: LayerShape, solving: Solving) -> DenseReconstruction:
    """`vars_d`."""
    dictionary = DynamicDictionary(_features(shape))
    solver = dense_solver(solving, shape.num_features)
    return DenseReconstruction(shape.dim, shape.num_heads, dictionary, solver)


def build_static_dynamic(shape: LayerShape, solving: Solving) -> DenseReconstruction:
    """`vars_sd`."""
    dictionary = StaticDynamicDictionary(_features(shape), shape.grid)
    solver = dense_solver(solving, 2 * shape.num_features)
    return DenseReconstruction(shape.dim, shape.num_heads, dictionary, solver)


def _features(shape: LayerShape) -> RandomFeatures:
    return RandomFeatures(shape.num_heads, shape.dim // shape.num_heads, shape.num_features)


LEARNED_STEPS = Explained(
    "Each step takes from a code what others explain already, and sets small codes to zero: S shrinks towards zero. L, "
    "λ and the coupling K are learned (LISTA); with K = 1 and a plain threshold it is ISTA, the paper's eq. 12.",
    r"u_{t+1} = S_{\lambda/L}\!\left(u_t - \tfrac1L \left(K P^\top P K\,u_t - P^\top x\right)\right), \qquad z_t = P "
    r"u_t",
)

VARS_D = MixerKind(
    "vars_d",
    title="VARS-D",
    words="Sparse reconstruction over a dynamic dictionary: its atoms are computed from the image's own tokens.",
    build=build_dynamic,
    solvers=("lista", "ista"),
    weighing=Explained(
        "The dictionary P is dynamic: its atoms are random features Φ of this photograph's own tokens, each column "
        "scaled to length 1. A code says how much of an atom is taken; at the start, how much each atom meets the "
        "values x.",
        r"P = \Phi(X), \qquad \Phi(q) = \tfrac{1}{\sqrt m}\, e^{\,q R - \lVert q \rVert^2 / 2}, \qquad u_0 = "
        r"S_\lambda(P^\top x)",
    ),
    mixing=LEARNED_STEPS,
)

VARS_SD = MixerKind(
    "vars_sd",
    title="VARS-SD",
    words="Sparse reconstruction over both: atoms computed from the image's tokens beside learned ones.",
    build=build_static_dynamic,
    solvers=("lista", "ista"),
    weighing=Explained(
        "The dictionary P has two parts: dynamic atoms Φ, random features of this photograph's own tokens, and static "
        "atoms A, learned and the same for every photograph; each column scaled to length 1. A code says how much of "
        "an atom is taken.",
        r"P = [\,\Phi(X)\;;\;A\,], \qquad u_0 = S_\lambda(P^\top x)",
    ),
    mixing=LEARNED_STEPS,
)
