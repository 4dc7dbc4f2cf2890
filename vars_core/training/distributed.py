"""Several processes that train as one: the group, BatchNorm over the whole batch, sums over all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from vars_core.errors import InputError
from vars_core.precision import at_least_float32


@dataclass(frozen=True)
class World:
    """This process among ``size``; ``rank`` 0 writes files and speaks."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def barrier(self) -> None:
        """Wait for all processes."""
        if self.size > 1:
            dist.barrier()

    def total(self, values: Tensor) -> Tensor:
        """Sum of ``values`` over all processes."""
        if self.size > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values


@contextmanager
def joined_world(device: torch.device) -> Iterator[World]:
    """The group that ``torchrun`` started this process in (NCCL on CUDA, gloo elsewhere), or a world of one.

    The processes leave the group together: one that exits with the group's threads still running may be aborted.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield World()
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield World(dist.get_rank(), dist.get_world_size(), int(os.environ.get("LOCAL_RANK", "0")))
        dist.barrier()
    finally:
        dist.destroy_process_group()


class _Sum(torch.autograd.Function):
    """Sum over all processes whose gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, values: Tensor) -> Tensor:
        values = values.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(values)
        return values

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> Tensor:
        gradient = gradients[0].clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        return gradient


class SharedBatchNorm(_BatchNorm):
    """BatchNorm whose batch is that of all processes together, on any device and backend.

    torch's SyncBatchNorm runs on accelerators alone. Mean first, then the spread about it: two small sums per layer.
    Processes must hold batches of one shape, which `vars_core.training.order.share` sees to.
    """

    def forward(self, input: Tensor) -> Tensor:
        if not (self.training and dist.is_initialized()):
            return super().forward(input)
        self._check_input_dim(input)
        over = [axis for axis in range(input.dim()) if axis != 1]
        shape = [1, -1] + [1] * (input.dim() - 2)
        values = at_least_float32(input)
        count = values.numel() // values.shape[1] * dist.get_world_size()
        mean = _Sum.apply(values.sum(over)) / count
        centred = values - mean.view(shape)
        variance = _Sum.apply(centred.square().sum(over)) / count
        self._follow(mean.detach(), variance.detach(), count)
        out = centred * torch.rsqrt(variance + self.eps).view(shape)
        if self.affine:
            out = out * self.weight.view(shape) + self.bias.view(shape)
        return out.to(input.dtype)

    def _follow(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running statistics towards the batch's (the unbiased variance, as BatchNorm does)."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        rate = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, rate)
        self.running_var.lerp_(variance * (count / max(count - 1, 1)), rate)


def _shared(kind: type[nn.Module]) -> type[nn.Module]:
    """``kind`` with its own handling of shapes, over `SharedBatchNorm`'s arithmetic."""
    own = next(base for base in kind.__mro__ if "forward" in vars(base))
    if own is not _BatchNorm and not own.__module__.startswith("vars_core."):
        raise InputError(f"{kind.__name__} computes its statistics itself and cannot be shared between processes")
    return type(f"Shared{kind.__name__}", (kind, SharedBatchNorm), {})


def share_batch_norm(model: nn.Module) -> None:
    """Let every BatchNorm of ``model`` take its statistics over all processes; parameters and names stay."""
    for module in model.modules():
        if isinstance(module, _BatchNorm) and not isinstance(module, SharedBatchNorm):
            kind: type[nn.Module] = type(module)
            module.__class__ = _shared(kind)  # type: ignore[assignment]  # a class made at run time
