"""Attacks on models whose worst case is known, and what every attack keeps to (SPEC §9 "Attacks")."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from analysis.attacks import Attack, Pgd, Square, Targeted, Untargeted, fgsm
from analysis.attacks.balls import L2Ball, LinfBall, ball
from analysis.attacks.square import squares
from tests.attacks.made import SHAPE, LinearModel, SmallNetwork, made_images, masked, names
from vars_core.errors import InputError

ATTACKS: dict[str, Attack] = {
    "pgd": Pgd(epsilon=0.02, alpha=0.01, num_steps=4),
    "pgd, three restarts": Pgd(epsilon=0.02, alpha=0.01, num_steps=3, num_restarts=3),
    "pgd, restarts by the margin": Pgd(epsilon=0.02, alpha=0.01, num_steps=3, num_restarts=3, margin_restarts=True),
    "pgd, L2": Pgd(epsilon=0.1, alpha=0.05, num_steps=4, norm="2"),
    "fgsm": fgsm(0.02),
    "square": Square(0.02, num_queries=40),
}


def distance(attack: Attack, moved: Tensor) -> Tensor:
    return moved.flatten(1).norm(dim=1) if getattr(attack, "norm", "inf") == "2" else moved.flatten(1).abs().amax(1)


@pytest.mark.parametrize("name", ATTACKS)
def test_attacked_images_stay_in_the_ball_and_among_pixels(name: str) -> None:
    attack, images = ATTACKS[name], torch.rand(6, *SHAPE, generator=torch.Generator().manual_seed(1))
    images[0], images[1] = 0, 1
    before = images.clone()
    attacked = attack(SmallNetwork(), images, Untargeted(torch.arange(6) % 5), names(6)).images
    assert distance(attack, attacked - images).amax() <= attack.epsilon * (1 + 1e-5)
    assert attacked.min() >= 0 and attacked.max() <= 1
    assert torch.equal(images, before)


@pytest.mark.parametrize("name", ATTACKS)
def test_with_epsilon_zero_nothing_moves(name: str) -> None:
    images = made_images(4)
    attacked = ATTACKS[name].at(0.0)(SmallNetwork(), images, Untargeted(torch.arange(4)), names(4))
    assert torch.equal(attacked.images, images)
    assert torch.equal(attacked.logits, SmallNetwork()(images).detach())


@pytest.mark.parametrize("norm", ["inf", "2"])
@pytest.mark.parametrize("attack", [fgsm(0.01), Pgd(epsilon=0.01, alpha=0.005, num_steps=30)])
def test_on_a_linear_model_the_worst_case_is_reached(attack: Pgd, norm: str) -> None:
    """The score moves by at most ε‖w‖₁ (L∞) or ε‖w‖₂ (L2), and an attack by gradients takes all of it."""
    model, images = LinearModel(), made_images(5)
    attacked = replace(attack, norm=norm)(model, images, Untargeted(torch.ones(5, dtype=torch.long)), names(5))
    dual = model.weight.abs().sum() if norm == "inf" else model.weight.norm()
    assert torch.allclose(model.score(images) - model.score(attacked.images), 0.01 * dual.expand(5), rtol=1e-3)


def test_a_targeted_attack_goes_the_other_way() -> None:
    model, images = LinearModel(), made_images(3)
    towards = fgsm(0.01)(model, images, Targeted(torch.ones(3, dtype=torch.long)), names(3))
    assert torch.allclose(model.score(towards.images) - model.score(images), 0.01 * model.weight.abs().sum(), rtol=1e-3)


def test_square_comes_near_the_worst_case_of_a_linear_model_without_gradients() -> None:
    model, images = LinearModel(bias=1e3), made_images(3)  # too far from the boundary to stop early
    attacked = Square(0.01, num_queries=600)(model, images, Untargeted(torch.ones(3, dtype=torch.long)), names(3))
    fallen = model.score(images) - model.score(attacked.images)
    assert torch.all(fallen > 0.4 * 0.01 * model.weight.abs().sum())
    assert attacked.zero_gradients is None


def test_square_leaves_an_image_alone_once_the_goal_is_reached() -> None:
    asked: list[int] = []
    model = LinearModel(bias=-1e3)

    def counting(images: Tensor) -> Tensor:
        asked.append(len(images))
        return model(images)

    Square(0.01, num_queries=50)(counting, made_images(3), Untargeted(torch.ones(3, dtype=torch.long)), names(3))
    assert asked == [3]


@pytest.mark.parametrize("name", ATTACKS)
def test_neither_order_nor_size_of_batches_changes_an_image(name: str) -> None:
    attack, images, labels, ids = ATTACKS[name], made_images(6).double(), torch.arange(6) % 5, names(6)
    model = SmallNetwork().double()
    whole = attack(model, images, Untargeted(labels), ids).images
    order = torch.tensor([4, 1, 5])
    part = attack(model, images[order], Untargeted(labels[order]), [ids[index] for index in order]).images
    assert torch.allclose(part, whole[order], rtol=0, atol=1e-9)


def test_images_of_one_content_and_two_ids_get_two_draws_and_another_seed_others() -> None:
    images, goal = made_images(1).expand(2, -1, -1, -1), Untargeted(torch.tensor([0, 0]))
    attack = Pgd(epsilon=0.02, alpha=0.0, num_steps=1)
    first = attack(SmallNetwork(), images, goal, ["a", "b"]).images
    again = replace(attack, seed=1)(SmallNetwork(), images, goal, ["a", "b"]).images
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first[0], again[0])


def test_the_loss_on_the_way_rises_and_ends_where_the_images_are() -> None:
    model, images, goal = SmallNetwork(), made_images(8), Untargeted(torch.arange(8) % 5)
    attacked = Pgd(epsilon=0.02, alpha=0.004, num_steps=6)(model, images, goal, names(8))
    means = attacked.losses.mean(1)
    assert attacked.losses.shape == (7, 8)
    assert torch.all(means[1:] > means[:-1])
    assert torch.allclose(goal.loss(model(attacked.images)), attacked.losses[-1])
    assert torch.equal(attacked.predictions, model(attacked.images).argmax(1))


def test_restarts_never_weaken_an_attack() -> None:
    model, images, goal = SmallNetwork(), made_images(24), Untargeted(torch.arange(24) % 5)
    one = Pgd(epsilon=0.02, alpha=0.01, num_steps=2)
    single, several = (replace(one, num_restarts=n)(model, images, goal, names(24)) for n in (1, 4))
    beaten_once, beaten = goal.margin(single.logits) < 0, goal.margin(several.logits) < 0
    assert torch.all(beaten | ~beaten_once)
    assert torch.all(several.losses[-1][~beaten] >= single.losses[-1][~beaten])
    assert torch.any(several.losses[-1] > single.losses[-1])


def test_a_restart_by_the_margin_gets_through_where_the_loss_has_no_gradient() -> None:
    """Logits so far apart that the cross-entropy and its gradient are zero: the margin still falls, and flips."""
    model = LinearModel()
    images = made_images(8)
    labels = (model.score(images) > 0).long()

    def saturated(pixels: Tensor) -> Tensor:
        return 1e6 * model(pixels)

    plain = Pgd(epsilon=0.3, alpha=0.1, num_steps=5, num_restarts=2)
    standing = plain(saturated, images, Untargeted(labels), names(8)).predictions == labels
    assert standing.sum() >= 4  # a random start alone may flip those near the border
    by_margin = replace(plain, margin_restarts=True)(saturated, images, Untargeted(labels), names(8))
    assert not (by_margin.predictions == labels).any()


def test_zero_gradients_are_counted() -> None:
    model = LinearModel()
    model.weight[0] = 0
    goal = Untargeted(torch.ones(2, dtype=torch.long))
    assert fgsm(0.01)(model, made_images(2), goal, names(2)).zero_gradients == pytest.approx(1 / 3)
    assert fgsm(0.01)(masked(model), made_images(2), goal, names(2)).zero_gradients == pytest.approx(1)


def test_the_papers_budget_is_the_default() -> None:
    assert (Pgd().epsilon, Pgd().alpha, Pgd().num_steps, Pgd().random_start) == (1 / 255, 0.5 / 255, 5, True)
    assert (fgsm().epsilon, fgsm().alpha, fgsm().num_steps, fgsm().random_start) == (1 / 255, 1 / 255, 1, False)
    assert Pgd().at(8 / 255).alpha == pytest.approx(4 / 255)
    assert str(Pgd()) == "L∞ ε = 1/255, 5 × 0.5/255, random start"
    assert str(fgsm(8 / 255, "2")) == "L2 ε = 8/255, 1 × 8/255, from the image"
    two = Pgd(num_restarts=2, margin_restarts=True)
    assert str(two) == "L∞ ε = 1/255, 5 × 0.5/255, random start, 2 restarts, every second down the margin"


def test_steps_fall_by_equal_differences() -> None:
    falling = Pgd(epsilon=0.03, alpha=0.02, num_steps=5, last_alpha=0.01)
    assert falling.step_lengths() == pytest.approx([0.02, 0.0175, 0.015, 0.0125, 0.01])
    assert Pgd(num_steps=3).step_lengths() == [0.5 / 255] * 3
    assert falling.at(0.06).step_lengths() == pytest.approx([0.04, 0.035, 0.03, 0.025, 0.02])
    assert replace(falling, num_steps=1).step_lengths() == [0.02]
    assert "5 × 5.1/255 falling to 2.55/255" in str(falling)
    with pytest.raises(InputError, match="0 or more"):
        Pgd(last_alpha=-1.0)


def test_a_model_without_gradients_is_refused_with_a_sentence() -> None:
    goal = Untargeted(torch.zeros(2, dtype=torch.long))

    @torch.no_grad()
    def logits(images: Tensor) -> Tensor:
        return LinearModel()(images)

    with pytest.raises(InputError, match="logits have gradients at its pixels, this one's have none"):
        Pgd()(logits, made_images(2), goal, names(2))
    with pytest.raises(InputError, match="finite gradients"):
        Pgd()(lambda images: LinearModel()(images).sqrt() - torch.inf, made_images(2), goal, names(2))
    Square(num_queries=3)(logits, made_images(2), goal, names(2))


@pytest.mark.parametrize(
    ("images", "labels", "ids", "words"),
    [
        (made_images(2) * 255, [0, 1], 2, "floats .* in \\[0, 1\\], got values from"),
        ((made_images(2) * 255).byte(), [0, 1], 2, "got uint8"),
        (made_images(2)[0], [0, 1], 2, "got float32 \\(3, 8, 8\\)"),
        (made_images(2), [0], 2, "got 2 images, 1 labels, 2 ids"),
        (made_images(2), [0, 1], 3, "got 2 images, 2 labels, 3 ids"),
        (made_images(2), [0, 7], 2, "expected labels 0 to 4, the classes of the model, got 0 to 7"),
    ],
)
def test_other_images_and_labels_are_refused(images: Tensor, labels: list[int], ids: int, words: str) -> None:
    for attack in (Pgd(), Square(num_queries=2)):
        with pytest.raises(InputError, match=words):
            attack(SmallNetwork(), images, Untargeted(torch.tensor(labels)), names(ids))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Pgd(epsilon=8), "units of the pixel range .* got 8"),
        (lambda: Pgd(epsilon=-0.1), "got -0.1"),
        (lambda: Pgd(epsilon=math.nan), "got nan"),
        (lambda: Pgd(norm="1"), "norm inf or 2, got '1'"),
        (lambda: Pgd(alpha=-1), "alpha"),
        (lambda: Pgd(num_steps=0), "at least 1 step"),
        (lambda: Pgd(num_restarts=2, random_start=False), "random start"),
        (lambda: Pgd(epsilon=0).at(0.1), "epsilon above 0"),
        (lambda: Square(num_queries=0), "at least 1 query"),
        (lambda: Square(first_share=0), "share"),
    ],
)
def test_settings_without_sense_are_refused(make: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


@settings(max_examples=40, deadline=None)
@given(norm=st.sampled_from(["inf", "2"]), epsilon=st.floats(0, 1), seed=st.integers(0, 99))
def test_projection_lands_in_the_ball_moves_nothing_inside_and_is_idempotent(
    norm: str, epsilon: float, seed: int
) -> None:
    draw = torch.Generator().manual_seed(seed)
    centres, points = (torch.rand(3, *SHAPE, generator=draw, dtype=torch.float64) for _ in range(2))
    within = ball(norm, epsilon)
    once = within.project(points + 0.3, centres)
    order = 2 if norm == "2" else torch.inf
    assert torch.linalg.vector_norm((once - centres).flatten(1), ord=order, dim=1).amax() <= epsilon + 1e-12
    assert once.min() >= 0 and once.max() <= 1
    assert torch.allclose(within.project(once, centres), once, atol=1e-12)


@pytest.mark.parametrize("within", [LinfBall(0.3), L2Ball(0.3)])
def test_draws_fill_the_ball_evenly(within: LinfBall | L2Ball) -> None:
    """Of a ball in n dimensions the inner one of half the radius holds 2⁻ⁿ."""
    draw = torch.Generator().manual_seed(0)
    drawn = torch.stack([within.draw(torch.Size([2]), draw) for _ in range(4000)])
    order = 2 if isinstance(within, L2Ball) else torch.inf
    radii = torch.linalg.vector_norm(drawn, ord=order, dim=1)
    assert radii.amax() <= 0.3 * (1 + 1e-6)
    assert (radii <= 0.15).float().mean() == pytest.approx(0.25, abs=0.03)
    assert drawn.mean(0) == pytest.approx(0, abs=0.02)


@given(row=st.floats(0, 0.999), column=st.floats(0, 0.999), side=st.integers(1, 6))
def test_squares_lie_inside_the_image_whole(row: float, column: float, side: int) -> None:
    inside = squares(torch.tensor([[row, column]]), side, torch.Size([1, 3, 6, 9]))
    assert inside.shape == (1, 1, 6, 9)
    assert inside.sum() == side * side
