"""Attention rollout, against the product of the matrices by hand."""

from __future__ import annotations

import pytest
import torch

from tests.core.attention_checks import Attentions, with_weights_anywhere
from vars_core.errors import InputError
from vars_core.models.timm import TimmModel
from vars_core.rollout import attention_rollout
from vars_core.spec import ModelSpec


@torch.no_grad()
@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "vit_medium_patch16_reg4_gap_256"])
def test_it_is_the_product_of_every_layers_attention_with_its_residual(name: str) -> None:
    model, images = with_weights_anywhere(name, 64), torch.randn(2, 3, 64, 64)
    attentions = Attentions()
    model(images, attentions)
    tokens = next(iter(attentions.by_layer.values())).values.shape[2]
    expected = torch.eye(tokens).expand(2, tokens, tokens)
    for attention in attentions.by_layer.values():
        expected = (0.5 * attention.matrix().mean(1) + 0.5 * torch.eye(tokens)) @ expected
    row = expected[:, 0, 1:] if name.startswith("vit_tiny") else expected[:, 4:, 4:].mean(1)
    found = attention_rollout(model, images)
    assert found.shape == (2, 4, 4)
    assert torch.allclose(found.flatten(1), row, atol=1e-6)
    assert (found > 0).all() and (found.flatten(1).sum(1) < 1).all(), "the rest stays with the other tokens"


def test_a_model_without_attention_is_a_sentence() -> None:
    model = TimmModel(ModelSpec("timm", "resnet18"), 2, 64).eval()
    with pytest.raises(InputError, match="gives logits only"):
        attention_rollout(model, torch.randn(1, 3, 64, 64))
