"""Attention rollout (Abnar and Zuidema 2020): attention followed through all layers of a ViT, residuals included."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vars_core.errors import InputError
from vars_core.models.timm import TimmModel
from vars_core.operators import Operator
from vars_core.targets import Answer
from vars_core.tokens import Grid


class _Rolling:
    """Stands where a `TraceRecorder` does: multiplies (A + 1)/2 of every layer, A the mean over heads."""

    def __init__(self) -> None:
        self.product: Tensor | None = None
        self.grid: Grid = (0, 0)
        self.answer: Answer | None = None

    def layer(self, name: str, grid: Grid) -> _Rolling:
        self.grid = grid
        return self

    def iterate(self, operator: Operator, v: Tensor, z: Tensor, codes: Tensor | None) -> None:
        """What is read from z is not read here."""

    def finish(self, tail: Callable[[Tensor], Tensor], output: Tensor) -> None:
        """Nor is the output."""

    def gradients(self, operator: Operator, v: Tensor, answer: Answer) -> None:
        batch, heads, tokens, _ = answer.v.shape
        identity = torch.eye(tokens).to(answer.v)
        attention = answer.operator(identity.expand(batch, heads, tokens, tokens)).mean(1).float()
        step = (attention + identity) / 2
        if self.product is None:
            self.product = step
        elif self.product.shape == step.shape:
            self.product = step @ self.product
        else:
            raise InputError("attention rollout wants one grid of tokens through all layers: this model has several")
        self.answer = answer


@torch.no_grad()
def attention_rollout(model: TimmModel, batch: Tensor) -> Tensor:
    """Normalised pictures (B, 3, H, W) -> maps (B, h, w), float32 on the CPU.

    The row of the class token, over the patches; the mean of all patches' rows where there is no class token. Raises
    InputError for a model without attention over a whole grid, or whose grid changes between layers.
    """
    if not model.layer_names:
        raise InputError(model.untraced)
    rolling = _Rolling()
    model(batch, rolling)
    assert rolling.product is not None and rolling.answer is not None
    first = rolling.answer.num_prefix
    rows = rolling.product[:, 0] if rolling.answer.has_class_token else rolling.product[:, first:].mean(1)
    return rows[:, first:].unflatten(-1, rolling.grid).cpu()
