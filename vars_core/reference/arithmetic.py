"""The textbook layers on one image: tokens (N, C) and images (C, h, w), weights by name."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]


def part(weights: Weights, prefix: str) -> dict[str, Tensor]:
    """The weights below ``prefix``, named from there on: "a.b.weight" is "weight" in part "a.b"."""
    return {key[len(prefix) + 1 :]: value for key, value in weights.items() if key.startswith(prefix + ".")}


def linear(x: Tensor, weights: Weights) -> Tensor:
    """xWᵀ + b."""
    return x @ weights["weight"].T + weights["bias"]


def layer_norm(x: Tensor, weights: Weights) -> Tensor:
    """Each token to mean 0 and variance 1 over its channels, then scaled and shifted."""
    mean = x.mean(1, keepdim=True)
    variance = ((x - mean) ** 2).mean(1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-6) * weights["weight"] + weights["bias"]


def batch_norm(x: Tensor, weights: Weights) -> Tensor:
    """Each channel of tokens (N, C) by its stored mean and variance, then scaled and shifted."""
    standardised = (x - weights["running_mean"]) / torch.sqrt(weights["running_var"] + 1e-5)
    return standardised * weights["weight"] + weights["bias"]


def gelu(x: Tensor) -> Tensor:
    """x·Φ(x), Φ the distribution function of the standard normal."""
    return x * (1 + torch.erf(x / math.sqrt(2))) / 2


def convolution(image: Tensor, weights: Weights, stride: int, padding: int) -> Tensor:
    """(C, h, w) -> (C', h', w'); the number of groups follows from the shape of the weights."""
    groups = image.shape[0] // weights["weight"].shape[1]
    return torch.conv2d(image[None], weights["weight"], weights.get("bias"), stride, padding, groups=groups)[0]


def image_batch_norm(image: Tensor, weights: Weights) -> Tensor:
    """`batch_norm` of an image (C, h, w)."""
    return as_image(batch_norm(as_tokens(image), weights), image.shape[1], image.shape[2])


def as_tokens(image: Tensor) -> Tensor:
    """(C, h, w) -> (N, C), row by row."""
    return image.reshape(image.shape[0], -1).T


def as_image(tokens: Tensor, height: int, width: int) -> Tensor:
    """(N, C) -> (C, h, w)."""
    return tokens.T.reshape(-1, height, width)
