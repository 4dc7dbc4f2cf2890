"""A traced layer as a problem: its dictionary, its input, its λ, taken from a real forward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from vars_core.block import Block
from vars_core.dynamics.problem import Problem
from vars_core.errors import InputError
from vars_core.models.backbone import Backbone
from vars_core.models.base import VisionModel
from vars_core.operators import OnGrid, SparseReconstruction
from vars_core.solver import Ista, Lista
from vars_core.tokens import Grid, join_heads, to_image, to_sequence


@dataclass(frozen=True)
class Layer:
    """Block ``name`` of a model on a batch: the tokens (B, N, C) that arrive at it, its operator and the input v.

    ``v`` (B, H, N, d) is what the operator is applied to; H = 1 where the dictionary is a convolution.
    """

    name: str
    block: Block
    tokens: Tensor
    grid: Grid
    operator: SparseReconstruction
    v: Tensor
    convolutional: bool

    @property
    def solver(self) -> Ista | Lista:
        return self.operator.solver

    @property
    def lam(self) -> float:
        """The λ that the layer iterates with: LISTA's learned scale included."""
        scale = self.solver.lam_scale.item() if isinstance(self.solver, Lista) else 1.0
        return self.solver.lam * scale

    def tokens_of(self, z: Tensor) -> Tensor:
        """A reconstruction in the problem's own shape as tokens (B, N, C)."""
        return to_sequence(z) if self.convolutional else join_heads(z)

    @torch.no_grad()
    def energy_map(self, z: Tensor) -> Tensor:
        """‖z[n]‖ over heads and channels (readout `energy`), (B, h, w)."""
        return self.tokens_of(z).float().norm(dim=-1).unflatten(-1, self.grid)

    @torch.no_grad()
    def stream_map(self, z: Tensor) -> Tensor:
        """‖block output[n]‖ had the layer handed on this z (readout `stream`), (B, h, w)."""
        output = self.block.tail(self.tokens, self.tokens_of(z).to(self.tokens.dtype), self.grid)
        return output.float().norm(dim=-1).unflatten(-1, self.grid)


@torch.no_grad()
def read_layer(model: VisionModel, batch: Tensor, name: str) -> Layer:
    """Run ``model`` up to block ``name`` on a normalised batch (B, 3, h, w).

    Raises InputError: there is no such layer, or it has no dictionary (attention, filters, timm's models).
    """
    if not isinstance(model, Backbone):
        raise InputError(f"expected a model of this project whose layers have a dictionary, got {model.spec}")
    if model.training:
        raise InputError("a model is read in evaluation mode: call model.eval() first")
    block, tokens, grid = model.block_input(batch, name)
    operator, v = block.mixer.operator(block.norm1(tokens), grid)
    convolutional = isinstance(operator, OnGrid)
    if convolutional:
        operator = cast(OnGrid, operator).operator
    if not isinstance(operator, SparseReconstruction):
        raise InputError(
            f"expected a layer that reconstructs with a dictionary (VARS-S, -D or -SD), got layer {name} of "
            f"{model.spec}, which has none"
        )
    return Layer(name, block, tokens, grid, operator, v, convolutional)


def layer_problem(layer: Layer, lam: float | None = None) -> Problem:
    """What the layer solves, in double precision on the CPU; ``lam`` None: the layer's own."""
    x = to_image(join_heads(layer.v), layer.grid) if layer.convolutional else layer.v
    return Problem(layer.operator.dictionary.double(), x.double(), layer.lam if lam is None else lam)
