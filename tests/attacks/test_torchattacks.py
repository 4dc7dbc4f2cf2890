"""An outside opinion: no attack of torchattacks beats our PGD with restarts (torchattacks is installed apart)."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from analysis.attacks import pixel_logits
from tests.attacks.outside import OURS, Budget, accuracies, pictures
from vars_core import Backend, load_model
from vars_core.weights import embedded_weights

pytest.importorskip("torchattacks", reason="torchattacks installs apart: it wants older packages than the project")

POINT = 0.01
SMALL = Budget(steps=5, restarts=2, queries=20)


def test_on_made_images() -> None:
    """Coarse noise, labelled by the model itself: clean accuracy is 1."""
    backend = backend_of("rvt_nano/vars_d")
    draw = torch.Generator().manual_seed(0)
    coarse = torch.rand(16, 3, 7, 7, generator=draw)
    images = torch.nn.functional.interpolate(coarse, size=(backend.image_size,) * 2, mode="bilinear")
    with torch.no_grad():
        labels = pixel_logits(backend.model)(images).argmax(1)
    found = accuracies(backend.model, images, labels, [str(index) for index in range(16)], SMALL)
    assert found["clean"] == 1
    assert found[OURS] < 1
    assert no_stronger(found, len(images))


@pytest.mark.parametrize("spec", ["rvt_nano/self", "rvt_nano/vars_d"])
def test_on_photographs(spec: str, shared: Path) -> None:
    backend = backend_of(spec)
    images, labels, ids = pictures(shared / "data/tiny_imagenet", 16, backend)
    found = accuracies(backend.model, images, labels, ids, SMALL)
    assert found["clean"] > 0.3
    assert found[OURS] <= found["clean"]
    assert no_stronger(found, len(images))


def backend_of(spec: str) -> Backend:
    if embedded_weights(spec) is None:
        pytest.skip("the embedded weights are not in this checkout")
    return Backend(load_model(spec, image_size=112), device="cpu")


def no_stronger(found: dict[str, float], count: int) -> bool:
    """Whether no attack leaves fewer images right than ours, up to a point or, of few images, a single one."""
    return found[OURS] <= min(found.values()) + max(POINT, 1 / count) + 1e-9
