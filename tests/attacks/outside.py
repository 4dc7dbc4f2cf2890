"""Attacks of torchattacks beside ours, at one budget: is any of them stronger than our PGD with restarts?

A program of its own too, for an environment that has torchattacks::

    python -m tests.attacks.outside DATA 100 rvt_nano/self rvt_nano/vars_d
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from analysis.attacks import Pgd, PixelLogits, Square, Untargeted, pixel_logits, to_pixels
from vars_core import Backend, load_model
from vars_core.data.open import open_split
from vars_core.images import Placement, decode_image
from vars_core.models.base import VisionModel

OURS = "ours: PGD with restarts"
BATCH = 25


@dataclass(frozen=True)
class Budget:
    """What every attack may do to an image. Gradients are ``steps`` × ``restarts``, however an attack spends them; a
    step of the outside PGD is ε / 4, ours fall from ε to ε / ``steps``; Square asks for logits ``queries`` times."""

    epsilon: float = 1 / 255
    steps: int = 10
    restarts: int = 2
    queries: int = 50


class OfPixels(nn.Module):
    """A function of pixels in [0, 1] as the module that torchattacks wants: normalisation is inside it."""

    def __init__(self, logits: PixelLogits, model: nn.Module) -> None:
        super().__init__()
        self.model, self.logits = model, logits

    def forward(self, images: Tensor) -> Tensor:
        return self.logits(images)


def ours(budget: Budget) -> dict[str, Pgd | Square]:
    """Our attacks by name."""
    epsilon, steps = budget.epsilon, budget.steps
    falling = Pgd(epsilon, epsilon, steps, budget.restarts, margin_restarts=True, last_alpha=epsilon / steps)
    return {OURS: falling, "ours: Square": Square(epsilon, num_queries=budget.queries)}


def theirs(module: nn.Module, budget: Budget) -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
    """Attacks of torchattacks by name."""
    import torchattacks

    epsilon, total = budget.epsilon, budget.steps * budget.restarts
    attacks = {
        "PGD": torchattacks.PGD(module, eps=epsilon, alpha=epsilon / 4, steps=total, random_start=True),
        "APGD, cross-entropy": torchattacks.APGD(module, eps=epsilon, steps=total, loss="ce"),
        "APGD, DLR": torchattacks.APGD(module, eps=epsilon, steps=total, loss="dlr"),
        "Square": torchattacks.Square(module, eps=epsilon, n_queries=budget.queries, n_restarts=1),
    }
    return {f"torchattacks {torchattacks.__version__}: {name}": attack for name, attack in attacks.items()}


def accuracies(
    model: VisionModel, images: Tensor, labels: Tensor, ids: Sequence[str], budget: Budget
) -> dict[str, float]:
    """Accuracy in [0, 1] without an attack ("clean") and under each; images (B, 3, H, W) in [0, 1].

    What the model takes for another class already is attacked no more. Every attacked image is held against the ball
    and [0, 1], and judged by the model itself.
    """
    logits = pixel_logits(model)
    module = OfPixels(logits, model).eval()
    correct = dict[str, int]()

    def right(name: str, attacked: Tensor, where: Tensor) -> Tensor:
        """The places, among ``where``, of the images that are still seen as what they are."""
        assert float((attacked - images[where]).abs().max()) <= budget.epsilon + 1e-6
        assert float(attacked.min()) >= 0 and float(attacked.max()) <= 1
        with torch.no_grad():
            found = where[logits(attacked).argmax(1) == labels[where]]
        correct[name] = correct.get(name, 0) + len(found)
        return found

    for batch in torch.arange(len(images)).split(BATCH):
        torch.manual_seed(int(batch[0]))
        where = right("clean", images[batch], batch)
        goal, names = Untargeted(labels[where]), [ids[index] for index in where.tolist()]
        for name, attack in ours(budget).items():
            right(name, attack(logits, images[where], goal, names).images, where)
        for name, outside in theirs(module, budget).items():
            right(name, outside(images[where], labels[where]).detach(), where)
    return {name: hits / len(images) for name, hits in correct.items()}


def pictures(data: Path, count: int, backend: Backend) -> tuple[Tensor, Tensor, list[str]]:
    """(images in [0, 1], labels, ids) of so many validation pictures, evenly spaced, as the model takes them."""
    _, source = open_split(data, None, 0)
    chosen = [index * len(source) // count for index in range(count)]
    decoded = [decode_image(source.encoded(index)) for index in chosen]
    placed = [Placement(image.shape[0], image.shape[1], backend.image_size).place(image) for image in decoded]
    return to_pixels(placed), torch.tensor([int(source.labels[i]) for i in chosen]), [source.name(i) for i in chosen]


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder, number, *specs = sys.argv[1:]
    for spec in specs:
        backend = Backend(load_model(spec), device="cpu")
        found = accuracies(backend.model, *pictures(Path(folder), int(number), backend), Budget())
        if spec == specs[0]:
            print("| model | " + " | ".join(found) + " |\n|---|" + "---:|" * len(found))
        print(f"| {spec} | " + " | ".join(f"{100 * value:.1f}" for value in found.values()) + " |", flush=True)
