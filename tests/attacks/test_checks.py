"""The checks that every report of an attack carries (SPEC §9 "Sanity"): passed by honest models, failed by masks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from analysis.attacks import (
    Check,
    Pgd,
    check_attack,
    check_model,
    gradient_check,
    pixel_logits,
    to_pixels,
    with_gradient_through_bounds,
)
from tests.attacks.made import LinearModel, SmallNetwork, made_images, masked, names
from vars_core.backend import Backend
from vars_core.data.open import open_split
from vars_core.images import Placement, decode_image
from vars_core.models.base import VisionModel
from vars_core.preprocessing import IMAGENET, Preprocessing
from vars_core.registry import create_model
from vars_core.weights import load_model

SIZE = 48


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_an_honest_model_passes_every_check() -> None:
    model, images = SmallNetwork(), made_images(40)
    labels = model(images).argmax(1)
    checks = check_attack(model, images, labels, names(40), Pgd(epsilon=0.01, alpha=0.003), num_queries=60)
    assert {check.name: check.seen for check in checks if not check.passed} == {}
    assert len(checks) == 6


def test_masked_gradients_show() -> None:
    """A model that hides its gradients looks robust to PGD alone; three checks say that it is not."""
    model, images = LinearModel(), made_images(40)
    labels = model(images).argmax(1)
    checks = check_attack(masked(model), images, labels, names(40), Pgd(epsilon=0.1, alpha=0.05), num_queries=60)
    failed = {check.name for check in checks if not check.passed}
    assert {
        "gradients are not zero",
        "loss rises with every step",
        "PGD is no weaker than Square with 60 queries",
    } <= failed
    assert "40 of 40 images" in by_name(checks)["gradients are not zero"].seen


def test_an_attack_that_steps_the_wrong_way_is_found_out() -> None:
    model, images = SmallNetwork(), made_images(40)
    labels = model(images).argmax(1)

    def mirrored(points: Tensor) -> Tensor:
        """The model's answers with the gradient turned round."""
        return model(2 * points.detach() - points)

    checks = by_name(check_attack(mirrored, images, labels, names(40), Pgd(epsilon=0.05, alpha=0.02), num_queries=60))
    assert not checks["loss rises with every step"].passed
    assert not checks["accuracy falls with ε to about 0"].passed


@pytest.mark.parametrize(
    ("mixer", "solver"),
    [*((mixer, None) for mixer in ("self", "performer", "vars_s", "vars_d", "vars_sd")), ("vars_d", "ista")],
)
def test_the_gradient_through_the_unrolled_layers_is_that_of_finite_differences(mixer: str, solver: str | None) -> None:
    model = embedded(mixer, solver)
    images = made_images(2, shape=(3, SIZE, SIZE))
    found = gradient_check(model, images, torch.tensor([3, 150]), num_directions=2)
    assert found.error < 1e-4
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
    if mixer in ("vars_d", "vars_sd"):  # L depends on the image, and the usual gradient does not see that
        assert 1e-3 < found.attack_error < 0.5
        assert 0.9 < found.cosine < 1 - 1e-5
    else:
        assert found.attack_error == pytest.approx(found.error)
        assert found.cosine == pytest.approx(1)


@pytest.mark.parametrize("mixer", ["self", "vars_s", "vars_sd"])
def test_a_gradient_through_the_bounds_leaves_the_logits_as_they_are(mixer: str) -> None:
    model, images = embedded(mixer), made_images(2, shape=(3, SIZE, SIZE))
    with torch.no_grad():
        expected = pixel_logits(model)(images)
        assert torch.allclose(pixel_logits(with_gradient_through_bounds(model))(images), expected, atol=1e-5)


@pytest.mark.parametrize("preprocessing", [IMAGENET, Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.5, 0.4, 0.3))])
def test_pixel_logits_are_the_backends_with_gradients(preprocessing: Preprocessing) -> None:
    """The model's own statistics count, whatever they are."""
    model = create_model("rvt_nano/vars_d", num_classes=7, image_size=SIZE)
    model.preprocessing = preprocessing
    backend = Backend(model, device="cpu")
    bytes_ = (made_images(2, shape=(3, SIZE, SIZE)) * 255).byte().permute(0, 2, 3, 1).numpy()
    batch, _ = backend.prepare(list(bytes_))
    pixels = to_pixels(list(bytes_)).requires_grad_()
    logits = pixel_logits(backend.model)(pixels)
    assert torch.allclose(logits, backend.logits(batch), atol=1e-5)
    assert torch.autograd.grad(logits.sum(), pixels)[0].abs().sum() > 0
    assert all(parameter.grad is None for parameter in backend.model.parameters())


@pytest.mark.parametrize("mixer", ["self", "vars_sd"])
def test_the_embedded_models_pass_on_photographs(mixer: str, photographs: tuple[Tensor, Tensor, list[str]]) -> None:
    checks = check_model(embedded(mixer), *photographs, Pgd(epsilon=2 / 255, alpha=1 / 255), num_queries=25)
    assert {check.name: check.seen for check in checks if not check.passed} == {}
    assert len(checks) == 8


@pytest.fixture(scope="module")
def photographs(shared: Path) -> tuple[Tensor, Tensor, list[str]]:
    """Six validation images of Tiny ImageNet as the models of this file see them."""
    _, source = open_split(shared / "data" / "tiny_imagenet", None, 0)
    chosen = range(0, len(source), len(source) // 6 + 1)
    placed = [
        Placement(*image.shape[:2], SIZE).place(image)
        for image in (decode_image(source.encoded(index)) for index in chosen)
    ]
    return to_pixels(placed), torch.tensor([int(source.labels[i]) for i in chosen]), [source.name(i) for i in chosen]


def embedded(mixer: str, solver: str | None = None) -> VisionModel:
    return load_model(f"rvt_nano/{mixer}", image_size=SIZE, solver=solver)
