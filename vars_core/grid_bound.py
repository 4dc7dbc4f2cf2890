"""Weights that belong to one grid of tokens, and their way to another grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from torch import Tensor, nn

from vars_core.tokens import Grid


class GridBound(nn.Module):
    """A module of which some weights, named in ``grid_bound``, belong to one grid: ``grid``."""

    grid_bound: ClassVar[tuple[str, ...]]
    grid: Grid

    def resampled(self, stored: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
        """Those of its weights that were stored on another grid, brought to its own, and what follows from them.

        Both by the module's own names; ``prefix`` completes them to keys, for errors.
        """
        raise NotImplementedError


def grid_bound_modules(model: nn.Module) -> Iterator[tuple[str, GridBound]]:
    """(prefix of its keys, module) of all of them, outer modules before inner ones."""
    for name, module in model.named_modules():
        if isinstance(module, GridBound):
            yield f"{name}." if name else "", module


def grid_bound_keys(model: nn.Module) -> set[str]:
    """The keys of a model's state dict whose shapes depend on the grid."""
    return {prefix + name for prefix, module in grid_bound_modules(model) for name in module.grid_bound}
