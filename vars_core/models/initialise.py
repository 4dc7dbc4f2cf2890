"""Fresh weights."""

from __future__ import annotations

import math
from typing import TypeVar

from torch import nn

from vars_core.mixers.spectral import ConvolutionalReconstruction
from vars_core.models.stems import PositionedStem

Model = TypeVar("Model", bound=nn.Module)


def initialise(model: Model) -> Model:
    """Linear layers, embeddings: normal cut at 2σ, σ = .02. Convolutions: normal by fan-out (He). Norms: one, zero.

    The value projection of `vars_s` is larger, 1.5/√C: nothing norms its input, and codes below λ have no gradient.
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
        elif isinstance(module, PositionedStem):
            nn.init.trunc_normal_(module.position, std=0.02)
    for module in model.modules():
        if isinstance(module, ConvolutionalReconstruction) and isinstance(module.value, nn.Linear):
            nn.init.normal_(module.value.weight, std=1.5 / math.sqrt(module.value.in_features))
    return model
