from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import timm.layers
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vars_core.drop_path import DropPath
from vars_core.embedded import FOLDER
from vars_core.errors import InputError
from vars_core.training import parts
from vars_core.training.recipe import PRESETS, Recipe, Stage, parse_stages, preset

IMAGENET = PRESETS["imagenet"]
NANO = PRESETS["nano"]
NANO_ACCELERATOR = PRESETS["nano-accelerator"]


def rates(recipe: Recipe, count: int, stage: int = 0) -> list[float]:
    """Learning rate at every update, as the loop sets it within one stage."""
    optimiser = parts.optimiser(nn.Linear(2, 2), recipe, stage)
    schedule = parts.schedule(optimiser, recipe, count)
    out = []
    for update in range(recipe.updates(count) + 1):
        schedule.step_update(update)
        out.append(optimiser.param_groups[0]["lr"])
    return out


def test_the_imagenet_preset_is_the_papers_recipe() -> None:
    assert IMAGENET.stages == (Stage(epochs=300, image_size=224, batch_size=1024),)
    assert IMAGENET.scaled_rate(0) == pytest.approx(5e-4 * 1024 / 512)
    assert (IMAGENET.weight_decay, IMAGENET.label_smoothing, IMAGENET.drop_path) == (0.05, 0.1, 0.1)
    assert (IMAGENET.ema_decay, IMAGENET.bound_every, IMAGENET.bound_weight) == (0.99996, 100, 0.1)
    policy = IMAGENET.augmentation
    assert policy.policy == "rand-m9-mstd0.5-inc1"
    assert (policy.colour_jitter, policy.erasing, policy.mixup, policy.cutmix) == (0.4, 0.25, 0.8, 1.0)
    assert policy.repeats > 1


@pytest.mark.parametrize("card", sorted(FOLDER.glob("*.json")), ids=lambda card: card.stem)
def test_the_accelerators_preset_is_what_the_embedded_weights_were_trained_with(card: Path) -> None:
    (cycle,) = json.loads(card.read_text())["cycles"]
    assert Recipe.from_dict(cycle["recipe"]) == NANO_ACCELERATOR
    assert cycle["images_seen"] == NANO_ACCELERATOR.updates(100_000) * 256


def test_the_papers_rate_warms_up_for_five_epochs_and_falls_along_a_cosine() -> None:
    count = 10 * 1024
    lr = rates(IMAGENET, count)
    assert lr[0] == pytest.approx(1e-6)
    assert max(lr) == pytest.approx(1e-3, rel=1e-2)
    assert lr.index(max(lr)) == 50  # five epochs of ten updates
    assert lr[1500] == pytest.approx((1e-3 + 1e-5) / 2, rel=1e-2)  # half of 3000 updates
    assert lr[-1] == pytest.approx(1e-5)


def test_one_cosine_spans_all_stages() -> None:
    recipe = dataclasses.replace(NANO, stages=(Stage(3, 32, 16), Stage(1, 64, 16)), warmup_epochs=0)
    single = dataclasses.replace(recipe, stages=(Stage(4, 32, 16),))
    assert rates(recipe, 96) == rates(single, 96)


@given(epochs=st.integers(1, 400), shares=st.lists(st.integers(1, 50), min_size=1, max_size=4))
@settings(deadline=None, max_examples=100)
def test_another_length_keeps_the_total_and_every_stage_where_there_is_room(epochs: int, shares: list[int]) -> None:
    recipe = dataclasses.replace(NANO, stages=tuple(Stage(n, 32 + 16 * i, 8) for i, n in enumerate(shares)))
    stretched = recipe.with_epochs(epochs)
    assert stretched.epochs == epochs
    assert stretched.image_size == recipe.image_size
    if epochs >= len(shares):
        assert [s.image_size for s in stretched.stages] == [s.image_size for s in recipe.stages]
        assert all(s.epochs >= 1 for s in stretched.stages)
    assert recipe.with_epochs(recipe.epochs) == recipe


@pytest.mark.parametrize("recipe", PRESETS.values(), ids=PRESETS)
def test_a_recipe_survives_a_model_card(recipe: Recipe) -> None:
    assert Recipe.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe


def test_stages_are_read_from_text() -> None:
    assert parse_stages("17x64@128, 3x112@96") == (Stage(17, 64, 128), Stage(3, 112, 96))
    with pytest.raises(InputError, match="EPOCHSxSIZE@BATCH"):
        parse_stages("17x64")


def test_bad_recipes_are_one_clear_sentence() -> None:
    with pytest.raises(InputError, match="nearest: 'nano'"):
        preset("nanno")
    with pytest.raises(InputError, match="precision must be 'fp32' or 'bf16', got 'fp8'"):
        dataclasses.replace(NANO, precision="fp8")
    with pytest.raises(InputError, match="do not fill one batch of 64"):
        NANO.steps_per_epoch(50)


def test_stochastic_depth_rises_linearly_and_is_refused_where_a_model_has_none() -> None:
    model = nn.Sequential(*(kind(0.9) for kind in (DropPath, timm.layers.DropPath, DropPath, DropPath, DropPath)))
    parts.set_drop_path(model, 0.1)
    assert [drop.drop_prob for drop in model] == pytest.approx([0, 0.025, 0.05, 0.075, 0.1])
    with pytest.raises(InputError, match="no DropPath"):
        parts.set_drop_path(nn.Linear(2, 2), 0.1)


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_stochastic_depth_is_timms_to_the_bit(rate: float) -> None:
    x = torch.randn(9, 4, 2)
    torch.manual_seed(1)
    ours = DropPath(rate)(x)
    torch.manual_seed(1)
    assert torch.equal(ours, timm.layers.DropPath(rate)(x))
    assert torch.equal(DropPath(rate).eval()(x), x)


def test_the_average_follows_quickly_at_first() -> None:
    model = nn.Linear(1, 1)
    average = parts.average(model, NANO)
    with torch.no_grad():
        model.weight.fill_(5.0)
    average.update(model, step=1)
    assert average.module.weight.item() == pytest.approx(5.0)  # nothing of the random start remains
    assert average.get_decay(100) < 0.97 < average.get_decay(10**6) == NANO.ema_decay
