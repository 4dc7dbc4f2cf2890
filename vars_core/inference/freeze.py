"""From a trained module to its fast form."""

from __future__ import annotations

import copy
from functools import singledispatch
from typing import TypeVar

from torch import nn

from vars_core.models.backbone import Backbone
from vars_core.models.base import VisionModel
from vars_core.solver import Ista, Lista

Module = TypeVar("Module", bound=nn.Module)


@singledispatch
def frozen(module: nn.Module) -> nn.Module:
    """A module that computes what ``module`` computes in evaluation mode, without gradients by its weights.

    What depends on weights alone is computed now, once. Weights that stay as they are are shared, not copied. A kind
    of module registers its fast form here; without one it stays, with its children made over.
    """
    return with_frozen_children(module)


@frozen.register(VisionModel)
@frozen.register(Ista)
@frozen.register(Lista)
def _(module: nn.Module) -> nn.Module:
    """Whole, as it is: a model whose code is not ours, and solvers, which may be told another T or λ."""
    return module


def with_frozen_children(module: Module) -> Module:
    """The module itself, its children made over; the given one is left alone."""
    twin = copy.copy(module)
    twin._modules = {name: child and frozen(child) for name, child in module._modules.items()}
    return twin


@frozen.register
def _(model: Backbone) -> nn.Module:
    return with_frozen_children(model)
