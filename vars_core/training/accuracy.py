"""Top-1 and top-5 of a model over batches, on one process or several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vars_core.training.distributed import World


@dataclass(frozen=True)
class Accuracy:
    """Fractions of ``count`` pictures, and the mean cross-entropy."""

    top1: float
    top5: float
    loss: float
    count: int


def autocast(device: torch.device, precision: str) -> torch.amp.autocast_mode.autocast:
    """bfloat16 where it is safe (``"bf16"``), or nothing at all (``"fp32"``)."""
    return torch.amp.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


@torch.no_grad()
def accuracy(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    device: torch.device,
    precision: str = "fp32",
    world: World | None = None,
) -> Accuracy:
    """Evaluate ``model`` on batches of (B, 3, S, S) inputs and (B,) labels; sums over all processes of ``world``.

    Top-5 is top-k with k the number of classes where those are fewer.
    """
    was_training = model.training
    model.eval()
    sums = torch.zeros(4, dtype=torch.float64)
    for pixels, labels in batches:
        labels = labels.to(device)
        with autocast(device, precision):
            logits = model(pixels.to(device)).float()
        ranked = logits.topk(min(5, logits.shape[1]), dim=1).indices == labels[:, None]
        loss = F.cross_entropy(logits, labels, reduction="sum")
        row = torch.stack([ranked[:, 0].sum(), ranked.any(1).sum(), loss, loss.new_tensor(len(labels))])
        sums += row.to("cpu", torch.float64)
    model.train(was_training)
    sums = (world or World()).total(sums.to(device)).cpu() if world and world.size > 1 else sums
    count = max(sums[3].item(), 1.0)
    return Accuracy(sums[0].item() / count, sums[1].item() / count, sums[2].item() / count, int(sums[3]))
