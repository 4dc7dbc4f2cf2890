"""The parts of a run, built from timm's factories by a recipe."""

from __future__ import annotations

from collections.abc import Callable

import torch
from timm.data import Mixup
from timm.layers import DropPath as TimmDropPath
from timm.loss import SoftTargetCrossEntropy
from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.scheduler.scheduler import Scheduler
from timm.utils import ModelEmaV3
from torch import Tensor, nn

from vars_core.drop_path import DropPath
from vars_core.errors import InputError
from vars_core.training.draws import numpy_seeded, seed_of
from vars_core.training.recipe import Recipe

Loss = Callable[[Tensor, Tensor], Tensor]


def optimiser(model: nn.Module, recipe: Recipe, stage: int) -> torch.optim.Optimizer:
    """The recipe's optimiser at the stage's peak rate; no weight decay on biases, norms and what the model names."""
    return create_optimizer_v2(
        model,
        opt=recipe.optimiser,
        lr=recipe.scaled_rate(stage),
        weight_decay=recipe.weight_decay,
        fused=True if recipe.optimiser == "adamw" else None,
    )


def schedule(made: torch.optim.Optimizer, recipe: Recipe, count: int) -> Scheduler:
    """Linear warm-up, then one cosine over the updates of all stages; a function of the update's number alone."""
    scheduler, _ = create_scheduler_v2(
        made,
        sched="cosine",
        num_epochs=recipe.updates(count),
        warmup_epochs=round(recipe.warmup_epochs * recipe.steps_per_epoch(count)[0]),
        min_lr=recipe.min_learning_rate,
        warmup_lr=recipe.warmup_learning_rate,
        step_on_epochs=False,
        updates_per_epoch=1,
    )
    assert scheduler is not None
    return scheduler


def average(model: nn.Module, recipe: Recipe) -> ModelEmaV3:
    """The exponential moving average of all weights and buffers: what is evaluated and released."""
    return ModelEmaV3(model, decay=recipe.ema_decay, use_warmup=recipe.ema_warmup)


def mixing(recipe: Recipe, num_classes: int) -> Mixup | None:
    """Mixup and CutMix, or None where the recipe has neither. Targets become soft."""
    policy = recipe.augmentation
    if not (policy.mixup or policy.cutmix):
        return None
    return Mixup(
        mixup_alpha=policy.mixup,
        cutmix_alpha=policy.cutmix,
        prob=policy.mix_probability,
        label_smoothing=recipe.label_smoothing,
        num_classes=num_classes,
    )


def mixed(mixup: Mixup | None, pixels: Tensor, labels: Tensor, key: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """Blend a batch with its mirror image; the draws depend on ``key`` = (seed, epoch, step) alone."""
    if mixup is None:
        return pixels, labels
    with numpy_seeded(seed_of(*key, 3)):
        return mixup(pixels, labels)


def criterion(recipe: Recipe) -> Loss:
    """Cross-entropy with the recipe's label smoothing (in the targets already where they are mixed)."""
    if recipe.augmentation.mixup or recipe.augmentation.cutmix:
        return SoftTargetCrossEntropy()
    return nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)


def set_drop_path(model: nn.Module, rate: float) -> None:
    """Stochastic depth rising linearly over the model's DropPath modules from 0 to ``rate``."""
    drops = [module for module in model.modules() if isinstance(module, DropPath | TimmDropPath)]
    if rate and not drops:
        raise InputError(f"the recipe asks for a drop path of {rate}, but the model has no DropPath to set")
    for depth, drop in enumerate(drops):
        drop.drop_prob = rate * depth / max(len(drops) - 1, 1)


def refresh_bounds(model: nn.Module, weight: float) -> None:
    """Move every dictionary's stored L towards its exact value (VARS-S; SPEC §9)."""
    for module in model.modules():
        refresh = getattr(module, "refresh_bound", None)
        if callable(refresh):
            refresh(weight)
