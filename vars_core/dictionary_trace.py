"""A layer's dictionary as pictures, and how much the codes use each atom (paper figures 8-10, SPEC §4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vars_core.errors import InputError
from vars_core.solver import Dictionary
from vars_core.sparsity import zero_codes
from vars_core.tokens import Grid


@dataclass(frozen=True, repr=False)
class DictionaryTrace:
    """The atoms of one layer for a batch, float32 on the CPU; G is the number of heads, for VARS-S of channels.

    ``atoms`` (B, G, m, h, w): the columns of P over the token grid. Dense atoms have unit L2 norm; of a convolution
    it is the column of the code at the grid's centre, the same for every image.
    ``num_dynamic``: of the m atoms of each group the first so many are Φ(X), computed from the image; the others are
    learned (static).
    ``use`` (T+1, B, G, m): mean |u| over a head's channels (VARS-S: over the places of the grid) at t = 0..T.
    ``active`` (T+1, B, G, m): the fraction of those codes that are not zero, in [0, 1]; see `vars_core.sparsity`.
    """

    atoms: Tensor
    num_dynamic: int
    use: Tensor
    active: Tensor

    def __repr__(self) -> str:
        images, groups, atoms = self.atoms.shape[:3]
        return f"DictionaryTrace({images} images, {groups} × {atoms} atoms, {self.num_dynamic} of each dynamic)"


class DictionaryRecorder:
    """Collects the use of one layer's atoms while it iterates. Raises InputError for a layer without a dictionary."""

    def __init__(self, name: str, dictionary: Dictionary | None, grid: Grid) -> None:
        if dictionary is None:
            raise InputError(
                f"expected a layer that reconstructs with a dictionary (VARS-S, -D or -SD), got layer {name}, "
                "which has none"
            )
        self._dictionary = dictionary
        self._grid = grid
        self._use: list[Tensor] = []
        self._active: list[Tensor] = []

    def add(self, codes: Tensor) -> None:
        """One iterate: codes (B, G, m, …)."""
        codes = codes.detach()
        self._use.append(codes.float().abs().flatten(3).mean(-1))
        self._active.append((~zero_codes(codes)).float().flatten(3).mean(-1))

    def result(self) -> DictionaryTrace:
        use = torch.stack(self._use).cpu()
        atoms = self._dictionary.columns().detach().float().cpu().unflatten(-1, self._grid)
        return DictionaryTrace(
            atoms=atoms.expand(use.shape[1], *atoms.shape[-4:]),
            num_dynamic=self._dictionary.num_dynamic,
            use=use,
            active=torch.stack(self._active).cpu(),
        )
