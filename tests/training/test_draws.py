"""Every random choice of a run depends on what it is for, never on who makes it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vars_core.errors import InputError
from vars_core.training import parts
from vars_core.training.augment import augmented, resized
from vars_core.training.draws import everything_seeded, uniforms
from vars_core.training.order import epoch_order, share
from vars_core.training.recipe import PRESETS, Augmentation

IMAGENET = PRESETS["imagenet"]

LAW = settings(deadline=None, max_examples=50)
STRONG = Augmentation(rotation=10, shear=0.1, colour_jitter=0.4, erasing=0.5)


def pictures(count: int, size: int = 24) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(3).integers(0, 256, (count, size, size, 3), dtype=np.uint8))


def augment(images: torch.Tensor, index: list[int], augmentation: Augmentation = STRONG, **kwargs: Any) -> torch.Tensor:
    options: dict[str, Any] = {"size": 32, "seed": 0, "epoch": 0, "repeat": 0} | kwargs
    repeat = np.full(len(index), options.pop("repeat"))
    return augmented(images, np.array(index), repeat, augmentation=augmentation, **options)


@given(count=st.integers(1, 300), seed=st.integers(0, 2**32), epoch=st.integers(0, 1000))
@LAW
def test_an_epoch_visits_every_picture_once(count: int, seed: int, epoch: int) -> None:
    order = epoch_order(count, seed, epoch)
    assert sorted(order.index) == list(range(count))
    assert not order.repeat.any()


def test_epochs_and_seeds_have_their_own_orders() -> None:
    orders = {tuple(epoch_order(50, seed, epoch).index) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9


def test_repeated_augmentation_draws_a_third_of_the_pictures_three_times() -> None:
    order = epoch_order(90, seed=0, epoch=0, repeats=3)
    index, times = np.unique(order.index, return_counts=True)
    assert len(order.index) == 90 and len(index) == 30 and set(times) == {3}
    for picture in index:
        assert sorted(order.repeat[order.index == picture]) == [0, 1, 2]


@given(pairs=st.integers(1, 20), world=st.integers(1, 6))
@LAW
def test_processes_share_a_batch_evenly_and_mirrored_pairs_stay_together(pairs: int, world: int) -> None:
    batch = 2 * pairs * world
    shares = [share(batch, rank, world) for rank in range(world)]
    assert sorted(np.concatenate(shares)) == list(range(batch))
    for places in shares:
        assert len(places) == batch // world
        assert list(places[::-1]) == list(batch - 1 - places)


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(InputError, match="multiple of 6 for 3 processes, got 16"):
        share(16, 0, 3)


def test_uniform_draws_fill_the_unit_interval_and_differ_between_keys() -> None:
    draws = uniforms(8, 0, 0, np.arange(5000), 0)
    assert draws.shape == (5000, 8)
    assert draws.min() >= 0 and draws.max() < 1
    np.testing.assert_allclose(draws.mean(0), 0.5, atol=0.02)
    np.testing.assert_allclose(draws.var(0), 1 / 12, atol=0.005)
    assert np.abs(np.corrcoef(draws.T) - np.eye(8)).max() < 0.06
    assert len({float(uniforms(1, *key)[0]) for key in ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0))}) == 4


def test_a_pictures_augmentation_does_not_depend_on_its_batch() -> None:
    images = pictures(6)
    together = augment(images, list(range(6)))
    torch.testing.assert_close(augment(images[[4, 1]], [4, 1]), together[[4, 1]], rtol=0, atol=1e-5)


def test_epoch_seed_and_copy_each_change_the_augmentation_and_nothing_else_does() -> None:
    images = pictures(1)
    base = augment(images, [0])
    assert torch.equal(base, augment(images, [0]))
    others: list[dict[str, Any]] = [{"epoch": 1}, {"seed": 1}, {"repeat": 1}]
    for other in others:
        assert not torch.allclose(base, augment(images, [0], **other))


def test_without_any_augmentation_a_picture_stays_itself() -> None:
    images = pictures(3)
    plain = Augmentation(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), flip=0.0)
    torch.testing.assert_close(augment(images, [0, 1, 2], plain, size=24), resized(images, 24), rtol=0, atol=1e-4)


def test_a_sure_flip_mirrors_the_picture() -> None:
    images = pictures(2)
    mirrored = Augmentation(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), flip=1.0)
    torch.testing.assert_close(
        augment(images, [0, 1], mirrored, size=24), resized(images, 24).flip(3), rtol=0, atol=1e-4
    )


def test_crops_cover_the_asked_share_of_the_picture() -> None:
    """A ramp from 0 to 1 across the picture: the range that is left tells how much of its width a crop kept."""
    ramp = torch.linspace(0, 255, 64).byte().view(1, 1, 64, 1).expand(200, 64, 64, 3)
    policy = Augmentation(crop_scale=(0.25, 0.25), crop_ratio=(1.0, 1.0), flip=0.5)
    out = augment(ramp, list(range(200)), policy, size=64)[:, 0, 32]
    width = (out.amax(1) - out.amin(1)) * 0.229
    np.testing.assert_allclose(width.numpy(), 0.5, atol=0.02)
    assert out.amin(1).std() > 0.1  # placed at random


def test_erasing_blanks_boxes_of_the_asked_share_of_pictures() -> None:
    white = torch.full((400, 32, 32, 3), 255, dtype=torch.uint8)
    policy = Augmentation(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), flip=0.0, erasing=0.25)
    erased = (augment(white, list(range(400)), policy)[:, 0] == 0).float().mean((1, 2))
    assert 0.18 < (erased > 0).float().mean() < 0.32
    assert erased.max() <= 0.4


def test_images_are_not_changed_by_augmenting_them() -> None:
    images = pictures(2)
    before = images.clone()
    augment(images, [0, 1])
    assert torch.equal(images, before)


def test_mixing_depends_on_seed_epoch_and_step_and_leaves_numpys_generator_alone() -> None:
    mixup = parts.mixing(IMAGENET, num_classes=10)
    labels = torch.arange(8)

    def run(step: int) -> torch.Tensor:
        return parts.mixed(mixup, torch.randn(8, 3, 8, 8, generator=torch.manual_seed(0)), labels, (0, 0, step))[1]

    np.random.seed(7)
    state = np.random.get_state(legacy=True)[1].copy()
    assert torch.equal(run(3), run(3))
    assert not torch.equal(run(3), run(4))
    torch.testing.assert_close(run(3).sum(1), torch.ones(8))
    assert np.array_equal(np.random.get_state(legacy=True)[1], state)


def test_two_processes_mix_the_pairs_that_one_would() -> None:
    mixup = parts.mixing(IMAGENET, num_classes=10)
    pixels, labels = torch.randn(8, 3, 8, 8), torch.arange(8)
    whole, targets = parts.mixed(mixup, pixels.clone(), labels, (0, 0, 5))
    for rank in range(2):
        mine = torch.from_numpy(share(8, rank, 2))
        part, target = parts.mixed(mixup, pixels[mine].clone(), labels[mine], (0, 0, 5))
        torch.testing.assert_close(part, whole[mine])
        torch.testing.assert_close(target, targets[mine])


def test_seeding_for_a_block_puts_every_generator_back() -> None:
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = (random.random(), np.random.rand(), torch.rand(1))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    with everything_seeded(99):
        first = (random.random(), np.random.rand(), torch.rand(1))
    assert (random.random(), np.random.rand(), torch.rand(1)) == expected
    with everything_seeded(99):
        assert (random.random(), np.random.rand(), torch.rand(1)) == first
