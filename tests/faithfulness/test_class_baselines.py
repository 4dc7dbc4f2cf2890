"""Grad-CAM and gradient × activation, against their formulas by hand."""

from __future__ import annotations

import pytest
import torch

from analysis.class_baselines import CLASS_BASELINES, grad_cam, gradient_times_activation
from vars_core import Backend, InputError, create_model
from vars_core.models.backbone import Backbone

pytest.importorskip("captum", reason="Grad-CAM is computed by captum, an extra")


@pytest.fixture(scope="module")
def backend() -> Backend:
    torch.manual_seed(0)
    return Backend(create_model("rvt_nano/vars_sd", num_classes=5, image_size=64), device="cpu")


def test_of_the_last_block_both_are_their_formulas(backend: Backend) -> None:
    batch = torch.randn(2, 3, 64, 64)
    model = backend.model
    assert isinstance(model, Backbone)
    block, x, grid = model.block_input(batch, "1.1")
    output = block(x, grid).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(model.head(output)[:, 3].sum(), output)
    by_token = (gradient * output).sum(-1).unflatten(-1, grid)
    cam = (gradient.mean(1, keepdim=True) * output).sum(-1).clamp(min=0).unflatten(-1, grid)
    for found, expected in (
        (gradient_times_activation(backend, batch, "1.1", 3), by_token),
        (grad_cam(backend, batch, "1.1", 3), cam),
    ):
        assert found == pytest.approx(expected.detach().numpy(), rel=1e-3, abs=1e-4 * float(expected.abs().max()))


def test_an_early_layer_has_its_own_grid_and_the_classes_differ(backend: Backend) -> None:
    batch = torch.randn(1, 3, 64, 64)
    for method in CLASS_BASELINES.values():
        first, second = (method(backend, batch, "0.3", index) for index in (0, 1))
        assert first.shape == (1, 8, 8)
        assert abs(first - second).max() > 0


def test_a_layer_that_is_not_there_is_a_sentence(backend: Backend) -> None:
    with pytest.raises(InputError, match=r"expected a layer of rvt_nano/vars_sd, got '9.9'"):
        grad_cam(backend, torch.randn(1, 3, 64, 64), "9.9", 0)
