"""Fresh weights."""

from __future__ import annotations

import math
from typing import TypeVar

from torch import nn

Model = TypeVar("Model", bound=nn.Module)


def initialise(model: Model) -> Model:
    """Linear layers: normal cut at 2σ, σ = .02. Convolutions: normal by fan-out (He). Norms: one, zero.

    Afterwards a module that begins differently does as its own ``initialise()`` says.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv2d):
            fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
            nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in model.modules():
        initialise_itself = getattr(module, "initialise", None)
        if callable(initialise_itself):
            initialise_itself()
    return model
