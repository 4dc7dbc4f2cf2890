"""What others read off a network for one class, by captum: Grad-CAM, and gradient × activation, of a block's output.

Captum is optional (``pip install "vars-studio[explain]"``): these maps stand beside the readouts, none needs them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor, nn

from vars_core.backend import Backend
from vars_core.errors import InputError
from vars_core.models.backbone import Backbone
from vars_core.tokens import to_image, to_sequence

ClassMap = Callable[[Backend, Tensor, str, int], np.ndarray]
"""(backend, pictures (B, 3, H, W), layer, class) -> maps (B, h, w), float32."""


def installed() -> bool:
    """Whether captum is there."""
    return importlib.util.find_spec("captum") is not None


def grad_cam(backend: Backend, batch: Tensor, layer: str, index: int) -> np.ndarray:
    """Grad-CAM (Selvaraju et al. 2017): ReLU(Σ_c mean_n(∂logit/∂x[c]) · x[n,c]) of the block's output x."""
    from captum.attr import LayerGradCam

    model, probe = _probed(backend, layer)
    return _map(LayerGradCam(model, probe).attribute(_input(backend, batch), index, relu_attributions=True))


def gradient_times_activation(backend: Backend, batch: Tensor, layer: str, index: int) -> np.ndarray:
    """Σ_c ∂logit/∂x[n,c] · x[n,c] of the block's output x: each token's own gradient in place of their mean."""
    from captum.attr import LayerGradientXActivation

    model, probe = _probed(backend, layer)
    return _map(LayerGradientXActivation(model, probe).attribute(_input(backend, batch), index))


CLASS_BASELINES: dict[str, ClassMap] = {
    "Grad-CAM": grad_cam,
    "gradient × activation": gradient_times_activation,
}
"""By what people call them."""


def _input(backend: Backend, batch: Tensor) -> Tensor:
    return batch.to(backend.device).requires_grad_()


def _map(attribution: Any) -> np.ndarray:
    return np.asarray(attribution.detach().sum(1).float().cpu())


class Probed(nn.Module):
    """A model whose block ``layer`` hands its tokens on through ``probe``, which sees them as an image (B, C, h, w)."""

    def __init__(self, model: Backbone, layer: str) -> None:
        super().__init__()
        self.model, self.layer = model, layer
        self.probe = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        x, grid = self.model.stem(images)
        stage = "0"
        for name, block in self.model.named_blocks():
            if name.partition(".")[0] != stage:
                x, grid = self.model.transitions[int(stage)](x, grid)
                stage = name.partition(".")[0]
            x = block(x, grid)
            if name == self.layer:
                x = to_sequence(self.probe(to_image(x, grid)))
        return self.model.head(x)


def _probed(backend: Backend, layer: str) -> tuple[nn.Module, nn.Module]:
    if not installed():
        raise InputError('Grad-CAM is computed by captum, which is not installed: pip install "vars-studio[explain]"')
    model = backend.model
    if not isinstance(model, Backbone):
        raise InputError(f"expected a model of this project for Grad-CAM, got {backend.name}")
    if layer not in model.layer_names:
        raise InputError(f"expected a layer of {backend.name}, got {layer!r}")
    probed = Probed(model, layer)
    return probed, probed.probe
