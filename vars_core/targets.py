"""What the readouts of a gradient differentiate by a layer's values: the mean of z, z at one token, a class's logit.

With weights w[h,i,c] on the layer's z, G_t[h,n,c] = Σ_i w[h,i,c] ∂z_t[h,i,c]/∂v[h,n,c], the dictionary held fixed
(SPEC §4 "gap", where w is 1/N everywhere). A token's w is one there and zero elsewhere: for softmax attention the
gap is then that token's row of the attention, the mean over heads; for VARS the same row of the unrolled
reconstruction's Jacobian. The mean over all tokens of those maps is the gap itself. A class's w is the gradient of
its logit by the layer's z as the model computed it: G_T is then the gradient of the logit by v, and G_t what the
iterates up to t hand on of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vars_core.errors import InputError

if TYPE_CHECKING:  # the page names targets before it has loaded PyTorch
    from torch import Tensor

    from vars_core.operators import Operator
    from vars_core.tokens import Grid


@dataclass(frozen=True)
class Token:
    """z at one token of the layer's grid, row and column from 0."""

    row: int
    column: int

    def weights(self, v: Tensor, grid: Grid) -> Tensor:
        """w for values v (B, H, N, d). Raises InputError for a token outside the grid."""
        rows, columns = grid
        if not (0 <= self.row < rows and 0 <= self.column < columns):
            raise InputError(f"expected a token of the {rows}×{columns} grid, got ({self.row}, {self.column})")
        weights = v.new_zeros(v.shape)
        weights[:, :, self.row * columns + self.column] = 1
        return weights


@dataclass(frozen=True)
class ClassToken:
    """z at the class token, before the patches of a ViT: what people who use DINO look at, head by head."""

    def gradients(self, answer: Answer) -> list[Tensor]:
        """G_t over the patches, (B, H, N, d) each. Raises InputError where there is no class token."""
        if not answer.has_class_token:
            raise InputError("expected a model with a class token, as many ViTs have one: this layer has none")
        weights = answer.v.new_zeros(answer.v.shape)
        weights[:, :, 0] = 1
        return [gradient[:, :, answer.num_prefix :] for gradient in answer.operator.gradients(answer.v, weights)]


@dataclass(frozen=True)
class ClassLogit:
    """The logit of a class, by its index: one for all images of a batch, or one an image."""

    classes: int | tuple[int, ...]

    def chosen(self, logits: Tensor) -> Tensor:
        """The sum of the images' logits (B, classes). Raises InputError for a class that the model does not have."""
        batch, count = logits.shape
        classes = (self.classes,) * batch if isinstance(self.classes, int) else self.classes
        if len(classes) != batch:
            raise InputError(f"expected one class, or one for each of {batch} images, got {len(classes)}")
        if wrong := [index for index in classes if not 0 <= index < count]:
            raise InputError(f"expected a class 0..{count - 1}, got {wrong[0]}")
        return logits[range(batch), classes].sum()


Target = Token | ClassToken | ClassLogit | None
"""None: the mean of z over the tokens."""


@dataclass(frozen=True)
class Answer:
    """A layer's z where the rest of the network takes it up, and what gave it.

    ``tensors`` belong to the graph of the model's own call; ``joined`` makes of their gradients one like operator(v),
    (B, H, P + N, d). The first ``num_prefix`` tokens are no patches; where ``has_class_token``, the very first is that.
    """

    tensors: tuple[Tensor, ...]
    joined: Callable[[tuple[Tensor, ...]], Tensor]
    operator: Operator
    v: Tensor
    num_prefix: int = 0
    has_class_token: bool = False
