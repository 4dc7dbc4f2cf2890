"""VARS-D and VARS-SD in one loop of C++ (``atoms.cpp``): the numbers of `vars_core.inference.dense`, to rounding."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CDLL
from functools import cached_property
from pathlib import Path

from torch import Tensor

from vars_core.dictionaries import DenseDictionary
from vars_core.inference.gradient import by_operation, with_gradient
from vars_core.inference.native.call import LANES, REALS, call, numbers
from vars_core.inference.native.compiler import compiler, library
from vars_core.operators import Iterates, SparseReconstruction
from vars_core.solver import Lista
from vars_core.tokens import Grid

SOURCE = Path(__file__).with_name("atoms.cpp")


class NativeAtoms:
    """The compiled loop for a layer's R (H, d, m) and its learned atoms A (H, N, s) of unit norm, with AᵀA (H, s, s).

    m, s and d are multiples of `LANES`; ``grid``: the one that A belongs to, None where there are none (s = 0).
    """

    def __init__(self, matrix: Tensor, static: Tensor, static_gram: Tensor, grid: Grid | None) -> None:
        self.matrix, self.static, self.static_gram = (one.contiguous() for one in (matrix, static, static_gram))
        self.grid = grid

    @property
    def num_atoms(self) -> int:
        return self.matrix.shape[-1] + self.static.shape[-1]

    def takes(self, q: Tensor, grid: Grid) -> bool:
        """Whether the loop can be had for q (B, H, N, d) of this grid, in its precision."""
        fits = q.dtype == self.matrix.dtype and q.dtype in REALS and q.stride(-1) == 1 and self.grid in (None, grid)
        return fits and self._loaded(q) is not None

    def reconstruct(
        self, q: Tensor, v: Tensor, solver: Lista, *, every: bool, codes: bool
    ) -> tuple[Tensor, Tensor | None]:
        """q, v (B, H, N, d) -> z_t (T+1, B, H, N, d), or with ``every`` False the last alone; u_t (T+1, B, H, M, d)."""
        batch, num_heads, num_tokens, width = q.shape
        count = solver.num_steps + 1
        z = q.new_empty(count if every else 1, batch, num_tokens, num_heads, width)
        u = q.new_empty(count, batch, num_heads, self.num_atoms, width) if codes else None
        loaded = self._loaded(q)
        assert loaded is not None
        call(
            loaded.reconstruct,
            *(q, v, z, u, self.matrix, self.static, self.static_gram, solver.coupling.contiguous()),
            *(solver.lam_scale.item() * solver.lam, solver.rate_scale.item(), solver.num_steps, every),
            *(batch, num_heads, *q.stride()[:3], *v.stride()[:3]),
        )
        return z.transpose(2, 3), u

    def _loaded(self, q: Tensor) -> CDLL | None:
        widths = {"WIDTH": q.shape[-1], "FEATURES": self.matrix.shape[-1], "STATIC": self.static.shape[-1]}
        return library(SOURCE, {"TOKENS": q.shape[-2], **widths, **numbers(q.dtype)})


def native_atoms(
    matrix: Tensor, static: Tensor | None = None, static_gram: Tensor | None = None, grid: Grid | None = None
) -> NativeAtoms | None:
    """None where there is no compiler, or the layer is none that the loop is written for."""
    if static is None or static_gram is None:
        static = static_gram = matrix.new_empty(len(matrix), 0, 0)
    widths = (*matrix.shape[1:], static.shape[-1])
    if compiler() is None or matrix.device.type != "cpu" or any(width % LANES for width in widths):
        return None
    return NativeAtoms(matrix, static, static_gram, grid)


class NativeAtomsReconstruction:
    """`SparseReconstruction` by the compiled loop; ``build`` makes the dictionary of q (B, H, N, d) where asked for."""

    def __init__(
        self, native: NativeAtoms, q: Tensor, build: Callable[[Tensor], DenseDictionary], solver: Lista
    ) -> None:
        self.native = native
        self.q = q
        self.build = build
        self.solver = solver

    @property
    def lam(self) -> float:
        return self.solver.lam

    @cached_property
    def dictionary(self) -> DenseDictionary:
        return self.build(self.q)

    def __call__(self, v: Tensor) -> Tensor:
        z, _ = self.native.reconstruct(self.q, v, self.solver, every=False, codes=False)
        return self._differentiable(v, z[0])

    def iterates(self, v: Tensor, codes: bool = True) -> Iterates:
        """As of every operator; of the z_t only the last has gradients."""
        z, u = self.native.reconstruct(self.q, v, self.solver, every=True, codes=codes)
        for t, iterate in enumerate(z):
            shown = iterate if t < self.solver.num_steps else self._differentiable(v, iterate)
            yield shown, None if u is None else u[t]

    def gradients(self, v: Tensor, weights: Tensor) -> list[Tensor]:
        return SparseReconstruction(self.dictionary, self.solver).gradients(v, weights)

    def _differentiable(self, v: Tensor, z: Tensor) -> Tensor:
        operations = by_operation(lambda q, v: SparseReconstruction(self.build(q), self.solver)(v))
        return with_gradient(z, (self.q, v), operations)
