"""The attack as a task of the model queue."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from app.inference.attacked import AttackedPicture, AttackWith
from app.inference.traced import ModelFacts
from app.serving.sessions import size_of
from tests.app.made import photograph
from vars_core import Backend, create_model
from vars_core.errors import InputError

SIZE = 64


@pytest.fixture(scope="module")
def backend() -> Backend:
    torch.manual_seed(0)
    return Backend(create_model("rvt_nano/vars_d", num_classes=7, image_size=SIZE), device="cpu")


def facts(backend: Backend) -> ModelFacts:
    layers = tuple(backend.layer_names)
    return ModelFacts(backend.name, SIZE, layers, layers[-1], "stream", 3, None)


def attacked(backend: Backend, task: AttackWith, seeds: tuple[int, ...] = (0, 1)) -> list[AttackedPicture]:
    batch, _ = backend.prepare([photograph(seed=seed).pixels for seed in seeds])
    return list(task(backend, batch, facts(backend)))


@pytest.mark.parametrize(("name", "steps"), [("pgd", 3), ("fgsm", 1)])
def test_the_picture_moves_within_epsilon_and_its_own_answer_becomes_less_likely(
    backend: Backend, name: str, steps: int
) -> None:
    for epsilon in (1.0, 4.0):
        for one in attacked(backend, AttackWith(name, epsilon, steps)):
            assert 0.5 * epsilon < np.abs(one.moved).max() <= epsilon * (1 + 1e-4)
            assert len(one.losses) == steps + 1 and one.losses[-1] > one.losses[0]
            assert one.seen.shape == one.moved.shape == (SIZE, SIZE, 3)
            assert set(one.traced.layers[0].maps) and size_of(one) > size_of(one.traced)


def test_the_maps_are_those_of_the_attacked_picture(backend: Backend) -> None:
    (one,) = attacked(backend, AttackWith("fgsm", 4), (0,))
    batch, _ = backend.prepare([one.seen])  # rounded to whole levels: nearly the same picture
    trace = backend.trace(batch, ("stream",))
    np.testing.assert_allclose(one.traced.logits, trace.logits[0].numpy(), rtol=0.02, atol=0.02)


def test_without_an_epsilon_nothing_moves(backend: Backend) -> None:
    (one,) = attacked(backend, AttackWith("pgd", 0), (0,))
    assert not one.moved.any()
    assert np.ptp(one.losses) == pytest.approx(0, abs=1e-6)


def test_other_pictures_of_the_batch_change_nothing(backend: Backend) -> None:
    task = AttackWith("pgd", 2, 2)
    together, alone = attacked(backend, task, (0, 1))[1], attacked(backend, task, (1,))[0]
    np.testing.assert_allclose(together.losses, alone.losses, rtol=1e-3)
    assert np.mean(together.moved == alone.moved) > 0.95  # a gradient of nearly zero may round to either sign


def test_equal_wishes_run_together_and_others_do_not() -> None:
    assert AttackWith("pgd", 1, 5) == AttackWith("pgd", 1.0, 5) != AttackWith("pgd", 2, 5)
    assert hash(AttackWith("pgd", 1, 5)) == hash(AttackWith("pgd", 1.0, 5))
    assert AttackWith("pgd", 1.5, 1).words == "PGD, ε = 1.5/255, 1 step"
    assert AttackWith("fgsm", 8).words == "FGSM, ε = 8/255"


@pytest.mark.parametrize(
    ("wish", "words"),
    [(("cw", 1), "pgd or fgsm"), (("pgd", 99), "0 to 32"), (("pgd", -1), "0 to 32"), (("pgd", 1, 0), "1 to 50 steps")],
)
def test_a_wish_without_sense_is_a_sentence(wish: tuple, words: str) -> None:
    with pytest.raises(InputError, match=words):
        AttackWith(*wish)


def test_a_model_without_classes_or_gradients_gets_a_sentence(backend: Backend) -> None:
    features = Backend(create_model("timm/test_vit", num_classes=0, image_size=32), device="cpu")
    made = dataclasses.replace(facts(backend), name="timm/test_vit", image_size=32)
    batch, _ = features.prepare([photograph().pixels])
    with pytest.raises(InputError, match="tells no classes apart"):
        AttackWith("pgd", 1)(features, batch, made)

    blind = Backend(create_model("timm/test_vit", num_classes=3, image_size=32), device="cpu")
    blind.model.requires_grad_(False)
    blind.model.model.patch_embed.register_forward_pre_hook(lambda _, given: (given[0].detach(),))
    with pytest.raises(InputError, match="have none"):
        AttackWith("pgd", 1)(blind, batch, made)
