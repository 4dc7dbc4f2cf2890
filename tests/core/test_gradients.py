"""The gradient of a logit by the pixels, which attacks and explanations stand on."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from vars_core import create_model
from vars_core.models.base import VisionModel


def model_of(spec: str) -> VisionModel:
    torch.manual_seed(0)
    return create_model(spec, num_classes=5, image_size=64).double().eval()


def gradient(model: VisionModel, images: Tensor) -> Tensor:
    asked = images.clone().requires_grad_()
    return torch.autograd.grad(model(asked)[:, 2].sum(), asked)[0]


@pytest.mark.parametrize("spec", ["rvt_nano/self", "rvt_nano/vars_s", "rvt_nano/vars_sd", "deit_tiny/vars_s"])
def test_an_image_alone_has_the_gradient_that_it_has_among_others(spec: str) -> None:
    model, images = model_of(spec), torch.randn(2, 3, 64, 64, dtype=torch.float64)
    among, alone = gradient(model, images)[:1], gradient(model, images[:1])
    assert among.abs().max() > 0
    assert torch.allclose(alone, among, rtol=1e-6, atol=1e-9 * float(among.abs().max()))


def test_it_is_the_difference_of_the_logits() -> None:
    model, images = model_of("rvt_nano/self"), torch.randn(1, 3, 64, 64, dtype=torch.float64)
    direction = torch.randn_like(images)
    with torch.no_grad():
        up, down = (model(images + step * direction)[0, 2] for step in (1e-7, -1e-7))
    found = (gradient(model, images) * direction).sum()
    assert float(found) == pytest.approx(float((up - down) / 2e-7), rel=5e-2), "a ReLU or two lie on their corner"
