"""Top-1 and top-5 of a model over batches, on one process or several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vars_core.training.arithmetic import autocast
from vars_core.training.distributed import World


@dataclass(frozen=True)
class Accuracy:
    """Fractions of ``count`` pictures, and the mean cross-entropy."""

    top1: float
    top5: float
    loss: float
    count: int

    @classmethod
    def of(cls, sums: Tensor) -> Accuracy:
        """From the sum of what `tally` returned for every batch."""
        top1, top5, loss, count = sums.tolist()
        return cls(top1 / max(count, 1), top5 / max(count, 1), loss / max(count, 1), int(count))


def tally(logits: Tensor, labels: Tensor) -> Tensor:
    """(B, classes) float32 and (B,) to float64 (4,) on the CPU: hits, hits among the best five, loss, pictures.

    Where there are fewer than five classes the best of them all count.
    """
    ranked = logits.topk(min(5, logits.shape[1]), dim=1).indices == labels[:, None]
    loss = F.cross_entropy(logits, labels, reduction="sum")
    row = torch.stack([ranked[:, 0].sum(), ranked.any(1).sum(), loss, loss.new_tensor(len(labels))])
    return row.to("cpu", torch.float64)


@torch.no_grad()
def accuracy(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    device: torch.device,
    precision: str = "fp32",
    world: World | None = None,
) -> Accuracy:
    """Evaluate ``model`` on batches of (B, 3, S, S) inputs and (B,) labels; sums over all processes of ``world``."""
    was_training = model.training
    model.eval()
    sums = torch.zeros(4, dtype=torch.float64)
    for pixels, labels in batches:
        labels = labels.to(device)
        with autocast(device, precision):
            logits = model(pixels.to(device)).float()
        sums += tally(logits, labels)
    model.train(was_training)
    sums = (world or World()).total(sums.to(device)).cpu() if world and world.size > 1 else sums
    return Accuracy.of(sums)
