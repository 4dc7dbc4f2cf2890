"""What holds of every timm model whose attention is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vars_core.models.timm import TimmModel
from vars_core.models.timm.structure import BlockAttention
from vars_core.spec import ModelSpec

DIFFERENCES = ("dwee", "dlittle", "dpwee")
"""Differential attention: a softmax less λ times another, so that rows sum to 1 − λ."""

HEADS_MIXED = ("cait", "efficientformerv2")
"""Talking heads: a softmax whose heads are mixed before the values are summed, so that rows sum to anything."""


class Attentions:
    """Stands where a `TraceRecorder` does, and keeps the attention of every block instead of its maps."""

    def __init__(self) -> None:
        self.by_layer: dict[str, BlockAttention] = {}
        self._layer = ""

    def layer(self, name: str, grid: tuple[int, int]) -> Attentions:
        self._layer = name
        return self

    def iterate(self, operator: Any, v: Tensor, z: Tensor, codes: None) -> None:
        self.by_layer[self._layer] = operator.attention

    def gradients(self, operator: Any, v: Tensor, answer: Any) -> None:
        pass

    def finish(self, tail: Callable[[Tensor], Tensor], output: Tensor) -> None:
        assert output.shape[1] == self.by_layer[self._layer].grid[0] * self.by_layer[self._layer].grid[1]


def with_weights_anywhere(name: str, image_size: int | None) -> TimmModel:
    """The model with weights that are nowhere zero and favour nothing, in evaluation mode."""
    torch.manual_seed(0)
    model = TimmModel(ModelSpec("timm", name), 5, image_size).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return model


@torch.no_grad()
def check_attention(name: str, image_size: int | None = None) -> int:
    """Assert what holds of a traced model; returns the number of its layers, 0 for one that gives logits only."""
    model = with_weights_anywhere(name, image_size)
    if not model.layer_names:
        assert "logits only: none of its" in model.untraced and model.untraced.count("\n") == 0
        return 0
    size = model.image_size if isinstance(model.image_size, tuple) else (model.image_size, model.image_size)
    images = torch.randn(2, 3, *size)
    plain = model(images)
    assert plain.std() > 0
    attentions = Attentions()
    assert torch.equal(model(images, attentions), plain), "tracing changed the logits"
    assert tuple(attentions.by_layer) == model.layer_names
    for layer, attention in attentions.by_layer.items():
        matrix = attention.matrix()
        sums = matrix.sum(-1)
        if name.startswith(HEADS_MIXED):
            continue
        expected = sums[:, :, :1].mean((0, 2), keepdim=True) if any(part in name for part in DIFFERENCES) else 1.0
        assert (sums - expected).abs().max() < 1e-4, f"rows of {layer} sum to {sums.min()} … {sums.max()}"
        values = attention.values
        assert torch.allclose(matrix @ values, attention.apply(values), atol=1e-4 * float(values.abs().max()))
    return len(model.layer_names)
