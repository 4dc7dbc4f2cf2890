"""Three layouts of the same tokens: (B, N, C) sequence, (B, H, N, d) heads, (B, C, h, w) image; N = h·w, C = H·d."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vars_core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

Grid = tuple[int, int]
"""(h, w): the grid of the tokens."""


def split_heads(tokens: Tensor, num_heads: int) -> Tensor:
    """(B, N, C) -> (B, H, N, d)."""
    batch, num_tokens, dim = tokens.shape
    return tokens.reshape(batch, num_tokens, num_heads, dim // num_heads).transpose(1, 2)


def join_heads(heads: Tensor) -> Tensor:
    """(B, H, N, d) -> (B, N, C)."""
    return heads.transpose(1, 2).flatten(2)


def to_image(tokens: Tensor, grid: Grid) -> Tensor:
    """(B, N, C) -> (B, C, h, w)."""
    return tokens.transpose(1, 2).unflatten(2, grid)


def to_sequence(image: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, N, C)."""
    return image.flatten(2).transpose(1, 2)


def require_grid(what: str, own: Grid, given: Grid) -> None:
    """Weights that belong to one grid meet no other: raises InputError. ``what`` is their name with its verb."""
    if given != own:
        raise InputError(
            f"{what} to a {own[0]}×{own[1]} grid, the input gives {given[0]}×{given[1]}: "
            "create the model with the image_size of the input and load the checkpoint again"
        )
