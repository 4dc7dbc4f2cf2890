"""What every report of an attack carries: the checks that a weak attack, or a model that hides its gradients, fails.

SPEC §9 "Sanity"; after Carlini et al. 2019, "On evaluating adversarial robustness".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor

from analysis.attacks.attacked import Attack, Attacked, PixelLogits
from analysis.attacks.goals import Untargeted
from analysis.attacks.gradients import gradient_check, with_gradient_through_bounds
from analysis.attacks.pgd import Pgd, fgsm
from analysis.attacks.pixels import pixel_logits
from analysis.attacks.square import Square
from vars_core.models.base import VisionModel

EPSILON_MULTIPLES = (0.5, 1, 2, 4, 8, 16, 32)
"""Of the attack's own ε: the radii at which accuracy is looked at."""

NEARLY_ZERO = 0.01
"""An accuracy that counts as "about 0"; so does a single image."""

GRADIENT_TOLERANCE = 1e-3
"""Of ‖finite differences − gradient‖ / ‖finite differences‖ in double precision."""

NUM_RESTARTS = 3
"""Of the PGD that is compared with other attacks, at least."""


@dataclass(frozen=True)
class Check:
    """One line of the report: what was asked, whether it holds, and the figures that say so."""

    name: str
    passed: bool
    seen: str


def check_model(
    model: VisionModel, images: Tensor, labels: Tensor, image_ids: Sequence[str], attack: Pgd, num_queries: int = 200
) -> list[Check]:
    """All checks: those of `check_attack`, and the gradient through the unrolled layers.

    ``images`` (B, 3, H, W) in [0, 1], ``labels`` int64 (B,). The gradient is checked on the first two images, in double
    precision. ``num_queries`` are Square's.
    """
    few = slice(0, 2)
    adaptive = Attempts(pixel_logits(with_gradient_through_bounds(model)), images, labels, image_ids)
    usual = Attempts(pixel_logits(model), images, labels, image_ids)
    return [
        *check_attack(usual.logits, images, labels, image_ids, attack, num_queries),
        _gradient_is_the_models(model, images[few], labels[few]),
        _nothing_hides_in_the_bound(adaptive, usual, attack),
    ]


def check_attack(
    logits: PixelLogits,
    images: Tensor,
    labels: Tensor,
    image_ids: Sequence[str],
    attack: Pgd,
    num_queries: int = 200,
) -> list[Check]:
    """The checks that need nothing but a function of the pixels; see `check_model`."""
    attempts = Attempts(logits, images, labels, image_ids)
    first = attempts.of(replace(attack, num_restarts=1))
    restarted = replace(attack, num_restarts=max(attack.num_restarts, NUM_RESTARTS), random_start=True)
    strong = attempts.accuracy(restarted)
    checks = [
        _nothing_moves_at_zero(attempts, attack),
        _loss_rises(first),
        _accuracy_falls(attempts, attack),
        _gradients_are_there(first),
        _as_strong_as(fgsm(attack.epsilon, attack.norm), "FGSM", attempts, strong),
    ]
    if attack.norm == "inf":
        square = Square(attack.epsilon, num_queries, seed=attack.seed)
        checks.append(_as_strong_as(square, f"Square with {num_queries} queries", attempts, strong))
    return checks


@dataclass(frozen=True)
class Attempts:
    """Attacks on one set of images: ``images`` (B, 3, H, W) in [0, 1], ``labels`` int64 (B,), one id each."""

    logits: PixelLogits
    images: Tensor
    labels: Tensor
    image_ids: Sequence[str]

    def of(self, attack: Attack) -> Attacked:
        return attack(self.logits, self.images, Untargeted(self.labels), self.image_ids)

    def accuracy(self, attack: Attack) -> float:
        """Top-1 accuracy under ``attack``, in [0, 1]."""
        return float((self.of(attack).predictions == self.labels).float().mean())

    @torch.no_grad()
    def clean(self) -> Tensor:
        """Predictions without an attack, int64 (B,)."""
        return self.logits(self.images).argmax(1)

    @property
    def one(self) -> float:
        """One image as a share of all."""
        return 1 / len(self.images)


def accuracy_by_epsilon(attempts: Attempts, attack: Pgd) -> dict[float, float]:
    """Accuracy under the attack at ε and its multiples, steps in proportion; clean accuracy at 0."""
    clean = float((attempts.clean() == attempts.labels).float().mean())
    radii = [attack.epsilon * multiple for multiple in EPSILON_MULTIPLES]
    inside = [radius for radius in radii if attack.norm != "inf" or radius <= 1]
    return {0.0: clean} | {radius: attempts.accuracy(attack.at(radius)) for radius in inside}


def _nothing_moves_at_zero(attempts: Attempts, attack: Pgd) -> Check:
    attacked, clean = attempts.of(attack.at(0.0)), attempts.clean()
    differing = int((attacked.predictions != clean).sum())
    seen = f"{differing} of {len(clean)} predictions differ"
    return Check("ε = 0 equals clean", differing == 0 and torch.equal(attacked.images, attempts.images), seen)


def _loss_rises(attacked: Attacked) -> Check:
    losses = attacked.losses.mean(1).tolist()
    rises = all(after > before for before, after in pairwise(losses))
    return Check("loss rises with every step", rises, " → ".join(f"{loss:.3f}" for loss in losses))


def _accuracy_falls(attempts: Attempts, attack: Pgd) -> Check:
    accuracies = accuracy_by_epsilon(attempts, attack)
    falls = all(after <= before + attempts.one for before, after in pairwise(accuracies.values()))
    ends = accuracies[max(accuracies)] <= max(NEARLY_ZERO, attempts.one)
    seen = ", ".join(
        f"{_radius(radius, attack.norm)}: {100 * accuracy:.1f} %" for radius, accuracy in accuracies.items()
    )
    return Check("accuracy falls with ε to about 0", falls and ends, seen)


def _gradients_are_there(attacked: Attacked) -> Check:
    shares = attacked.zero_gradients
    assert shares is not None
    without = int((shares == 1).sum())
    seen = f"{100 * float(shares.mean()):.2f} % of the values are zero; {without} of {len(shares)} images have no other"
    return Check("gradients are not zero", without == 0 and float(shares.mean()) < 0.5, seen)


def _as_strong_as(other: Attack, name: str, attempts: Attempts, strong: float) -> Check:
    weak = attempts.accuracy(other)
    seen = f"{100 * strong:.1f} % correct under PGD with restarts, {100 * weak:.1f} % under {name}"
    return Check(f"PGD is no weaker than {name}", strong <= weak + 1e-9, seen)


def _gradient_is_the_models(model: VisionModel, images: Tensor, labels: Tensor) -> Check:
    checked = gradient_check(model, images, labels)
    seen = (
        f"relative error {checked.error:.1e} with everything in it; the gradient followed, which holds L constant: "
        f"{checked.attack_error:.1e}, cosine {checked.cosine:.4f}"
    )
    return Check("gradient equals finite differences", checked.error <= GRADIENT_TOLERANCE, seen)


def _nothing_hides_in_the_bound(adaptive: Attempts, usual: Attempts, attack: Pgd) -> Check:
    through, beside = adaptive.accuracy(attack), usual.accuracy(attack)
    seen = f"{100 * through:.1f} % correct where the attack differentiates L too, {100 * beside:.1f} % where not"
    return Check("no gain from differentiating L", through >= beside - max(0.01, usual.one) - 1e-9, seen)


def _radius(epsilon: float, norm: str) -> str:
    return f"{255 * epsilon:g}/255" if norm == "inf" else f"{epsilon:.3g}"
