"""Which blocks of a timm architecture attend over one whole grid of tokens, and over which grid."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from vars_core.image_size import ImageSize, checked_size, height_and_width
from vars_core.models.timm.build import build
from vars_core.models.timm.watch import AttentionWatch, WeightedSum
from vars_core.tokens import Grid

_BLOCK = re.compile(r"^(?:[a-z_]+\.)*(?:[a-z_]*(\d+)\.)?(?:blocks\.)?(\d+)$")
"""The path of a block: "blocks.7", "stages.2.blocks.3", "layers.3.blocks.0", "stages.2.1"."""

NO_ATTENTION = "none of its layers is seen to weigh tokens by a softmax over them"
OTHER_ATTENTION = (
    "none of its blocks is one attention over all tokens of a grid (attention stays in windows, goes to fewer keys "
    "than queries or between channels, or several follow each other in a block)"
)
OTHER_ORDER = "none of its blocks keeps the tokens row by row: they lie by pooling units"


@dataclass(frozen=True)
class Structure:
    """``layers``: "stage.block" -> the path of that block's module; where there is none, ``reason`` says why.

    ``covered``: the (height, width) of the input that the patches cover, None where they cover all of it.
    """

    layers: dict[str, str]
    reason: str
    num_parameters: int
    covered: ImageSize | None = None


@dataclass(frozen=True)
class BlockAttention:
    """The attention of one block over one grid: the heads of its weighted sums, and the tokens before the patches."""

    sums: tuple[WeightedSum, ...]
    grid: Grid
    num_prefix: int

    @property
    def values(self) -> Tensor:
        """(B, H, P + N, d), prefix tokens first."""
        return torch.cat([part.values for part in self.sums], dim=1)

    def apply(self, values: Tensor) -> Tensor:
        """(B, H, P + N, d) -> (B, H, P + N, d)."""
        parts = values.split([part.values.shape[1] for part in self.sums], dim=1)
        return torch.cat([one.apply(part) for one, part in zip(self.sums, parts, strict=True)], dim=1)

    @property
    def results(self) -> tuple[Tensor, ...]:
        """The sums in the model's own graph, as its layers go on with them."""
        return tuple(part.result for part in self.sums)

    def joined(self, results: Sequence[Tensor]) -> Tensor:
        """Tensors like `results` as (B, H, P + N, d)."""
        parts = [result.reshape(part.values.shape) for result, part in zip(results, self.sums, strict=True)]
        return torch.cat(parts, dim=1)

    def matrix(self) -> Tensor:
        """A with ``apply(values)`` = A·values: (B, H, P + N, P + N), a row for each token that asks."""
        batch, heads, tokens, _ = self.values.shape
        return self.apply(torch.eye(tokens).to(self.values).expand(batch, heads, tokens, tokens))


@lru_cache(maxsize=64)
def structure_of(name: str, image_size: ImageSize | None) -> Structure:
    """Seen in a forward pass of the architecture without numbers (shapes alone), two images at once."""
    model = build(name, num_classes=2, image_size=image_size, device="meta").eval()
    height, width = height_and_width(image_size) if image_size is not None else model.default_cfg["input_size"][-2:]
    candidates = {path: module for path, module in model.named_modules() if _BLOCK.match(path)}
    layers: dict[str, str] = {}
    grids: set[Grid] = set()
    seen_any = False
    watch = AttentionWatch()
    outer: list[list[WeightedSum]] = []

    def enter(module: nn.Module, inputs: Any) -> None:
        outer.append(watch.take())

    def leave(module: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal seen_any
        sums = watch.take()
        seen_any |= bool(sums)
        attention = block_attention(module, sums, (height, width), num_prefix_tokens(model), output)
        if attention is not None:
            path = paths[module]
            layers[layer_name(path)] = path
            grids.add(attention.grid)
        watch.sums = outer.pop()

    paths = {module: path for path, module in candidates.items()}
    for module in candidates.values():
        module.register_forward_pre_hook(enter)
        module.register_forward_hook(leave)
    with watch, torch.no_grad():
        model(torch.empty(2, 3, height, width, device="meta"))
    seen_any |= bool(watch.sums)
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    if hasattr(model, "unroll"):  # Hiera: cell (i, j) of a map would not be patch (i, j)
        return Structure({}, OTHER_ORDER, num_parameters)
    reason = "" if layers else OTHER_ATTENTION if seen_any else NO_ATTENTION
    return Structure(layers, reason, num_parameters, _covered(model, (height, width), grids))


def layer_name(path: str) -> str:
    """ "blocks.7" -> "0.7", "stages.2.blocks.3" -> "2.3"."""
    match = _BLOCK.match(path)
    assert match is not None
    return f"{match[1] or 0}.{match[2]}"


def _covered(model: nn.Module, image_size: tuple[int, int], grids: set[Grid]) -> ImageSize | None:
    """What patches side by side cover of an input that is no whole number of them; None where that is all.

    Such patches begin at the top left corner, and what is left at the right and the bottom no token sees.
    """
    project = getattr(getattr(model, "patch_embed", None), "proj", None)
    if not isinstance(project, nn.Conv2d) or project.kernel_size != project.stride or any(project.padding):
        return None
    height, width = (side // patch * patch for side, patch in zip(image_size, project.stride, strict=True))
    own_grid = height // project.stride[0], width // project.stride[1]
    return checked_size((height, width)) if grids == {own_grid} and (height, width) != image_size else None


def num_prefix_tokens(model: nn.Module) -> int:
    """Class, distillation and register tokens before the patches, as the model declares them."""
    class_tokens = getattr(model, "cls_token", None)
    return int(getattr(model, "num_prefix_tokens", class_tokens.shape[1] if isinstance(class_tokens, Tensor) else 0))


def block_attention(
    block: nn.Module, sums: Sequence[WeightedSum], image_size: tuple[int, int], num_prefix: int, output: Any
) -> BlockAttention | None:
    """The attention over the whole grid that ``block`` did in a forward pass, None where it did no such thing.

    Several weighted sums are the heads of one attention where they run side by side (``block.attns``).
    """
    if not sums or (len(sums) > 1 and not hasattr(block, "attns")) or not isinstance(output, Tensor):
        return None
    batch, num_tokens = output.shape[0], sums[0].num_queries
    if not all(one.is_square and one.num_queries == num_tokens and _has_batch(one, batch) for one in sums):
        return None
    for prefix in dict.fromkeys((num_prefix, 0)):  # a class token may come in only after some blocks
        grid = _grid_of(num_tokens - prefix, image_size)
        if grid is not None and tokens_of(output, grid, prefix) is not None:
            return BlockAttention(tuple(one.unfolded(batch) for one in sums), grid, prefix)
    return None


def _has_batch(one: WeightedSum, batch: int) -> bool:
    """Whether there is an attention for every image, or for every head of every image."""
    first, heads = one.values.shape[:2]
    return first == batch or (heads == 1 and first % batch == 0)


def tokens_of(output: Tensor, grid: Grid, num_prefix: int) -> Tensor | None:
    """A block's output, (B, P + N, C), (B, C, h, w) or (B, h, w, C), as the tokens of its grid (B, N, C)."""
    h, w = grid
    if output.ndim == 3 and output.shape[1] == num_prefix + h * w:
        return output[:, num_prefix:]
    if output.ndim == 4 and output.shape[2:] == (h, w):
        return output.flatten(2).transpose(1, 2)
    if output.ndim == 4 and output.shape[1:3] == (h, w):
        return output.flatten(1, 2)
    return None


def _grid_of(num_patches: int, image_size: tuple[int, int]) -> Grid | None:
    """(h, w) with h·w patches in the image's proportions."""
    height, width = image_size
    if num_patches < 1:
        return None
    h = round(math.sqrt(num_patches * height / width))
    if h < 1 or num_patches % h:
        return None
    w = num_patches // h
    return (h, w) if h == round(w * height / width) or w == round(h * width / height) else None
