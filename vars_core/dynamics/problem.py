"""The problem that a layer solves: argmin ½‖Pu − x‖² + λ‖u‖₁ (paper eq. 10)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from vars_core.errors import InputError
from vars_core.solver import Dictionary, objective
from vars_core.sparsity import zero_codes


@dataclass(frozen=True)
class Problem:
    """P, x and λ ≥ 0. Every image of the batch is a problem of its own, and so is every head and channel of it.

    ``x`` is (B, H, N, d) for dense atoms and (B, C, h, w) for convolutions, in the precision of the dictionary.
    """

    dictionary: Dictionary
    x: Tensor
    lam: float

    def __post_init__(self) -> None:
        if not self.lam >= 0:
            raise InputError(f"expected λ of 0 or more, got {self.lam}")

    @property
    def drive(self) -> Tensor:
        """Pᵀx, in the shape of the codes."""
        return self.dictionary.encode(self.x)

    def objective(self, codes: Tensor) -> Tensor:
        """½‖Pu − x‖² + λ‖u‖₁ per image: float (B,)."""
        return objective(self.reconstruct(codes), self.x, codes, self.lam)

    def reconstruct(self, codes: Tensor) -> Tensor:
        """Pu."""
        return self.dictionary.decode(self.dictionary.combine(codes))

    def gram(self, codes: Tensor) -> Tensor:
        """PᵀPu."""
        return self.dictionary.gram(self.dictionary.combine(codes))

    def only(self, head: int, channel: int) -> Problem:
        """The part of one head and channel (convolutions have no heads: head 0), which is solved by itself."""
        dictionary, x = self.dictionary.only(self.x, head, channel)
        return Problem(dictionary, x, self.lam)

    def at(self, lam: float) -> Problem:
        """The same with another λ."""
        return replace(self, lam=lam)


def sparsity(codes: Tensor) -> Tensor:
    """The fraction of zero codes per image, (B,) in [0, 1]; see `vars_core.sparsity` for what counts as zero."""
    return zero_codes(codes).float().flatten(1).mean(1)


def distance(codes: Tensor, target: Tensor) -> Tensor:
    """‖u − u*‖ / ‖u*‖ per image, (B,); where u* is zero, ‖u‖ itself."""
    length = target.flatten(1).norm(dim=1)
    return (codes - target).flatten(1).norm(dim=1) / length.where(length > 0, length.new_ones(()))
