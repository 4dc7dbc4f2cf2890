"""The backbones of SPEC §2 on one image after another, and the four readouts of SPEC §4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vars_core.reference import mixers
from vars_core.reference.arithmetic import (
    Weights,
    as_image,
    as_tokens,
    batch_norm,
    convolution,
    gelu,
    image_batch_norm,
    layer_norm,
    linear,
    part,
)
from vars_core.reference.dictionaries import fourier_transform

OnLayer = Callable[[str, tuple[int, int], mixers.Mixed, Callable[[Tensor], Tensor]], None]
"""Called for each block with its name, its grid, what its mixer computed, and z (N, C) -> block output (N, C)."""

RVT_HEAD_DIM = {"rvt_nano": 32, "rvt_tiny": 32, "rvt_small": 64, "rvt_base": 64}


@dataclass(frozen=True)
class Architecture:
    """``spec`` "<backbone>/<mixer>"; ``num_steps`` T; ``solver`` and ``lam`` None for the defaults of SPEC §1."""

    spec: str
    num_steps: int = 3
    solver: str | None = None
    lam: float | None = None

    @property
    def backbone(self) -> str:
        return self.spec.split("/")[0]

    @property
    def mixer(self) -> str:
        return self.spec.split("/")[1]

    @property
    def solve(self) -> mixers.Solve:
        # λ = 3.5 belongs to the released VARS-S; the one trained here on small images (rvt_nano) has 0.3 as all others.
        released_static = self.mixer == "vars_s" and self.backbone != "rvt_nano"
        lam = (3.5 if released_static else 0.3) if self.lam is None else self.lam
        return mixers.Solve(self.num_steps, lam, self.solver or "lista")

    def num_heads(self, dim: int) -> int:
        """H for C = ``dim``: every head has the backbone's own width d."""
        if self.backbone in RVT_HEAD_DIM:
            return dim // RVT_HEAD_DIM[self.backbone]
        return dim // (32 if self.backbone.startswith("deit") and self.mixer != "self" else 64)


@dataclass(frozen=True)
class ReferenceLayer:
    """One block: ``z`` (T+1, B, H, N, d), ``codes`` T+1 of (B, …) or none, ``maps[readout]`` (T+1, B, h, w)."""

    name: str
    z: Tensor
    codes: list[Tensor]
    maps: dict[str, Tensor]


@dataclass(frozen=True)
class ReferenceTrace:
    """Logits (B, classes) and every block in the order of the network."""

    logits: Tensor
    layers: list[ReferenceLayer]


def reference_logits(
    images: Tensor, state: Weights, architecture: Architecture, dtype: torch.dtype = torch.float64
) -> Tensor:
    """(B, 3, S, S), normalised, and a model's state dict -> logits (B, classes)."""
    weights = {key: value.to(dtype) for key, value in state.items()}
    logits = [network(image.to(dtype), weights, architecture, lambda *_: None) for image in images]
    return torch.stack(logits)


def reference_trace(
    images: Tensor, state: Weights, architecture: Architecture, dtype: torch.dtype = torch.float64
) -> ReferenceTrace:
    """The same, with z, codes and all four readouts of every block and iterate."""
    weights = {key: value.to(dtype) for key, value in state.items()}
    logits, blocks = [], []
    for image in images:
        seen: list[ReferenceLayer] = []
        logits.append(network(image.to(dtype), weights, architecture, partial(read, seen)))
        blocks.append(seen)
    return ReferenceTrace(torch.stack(logits), [batched(same) for same in zip(*blocks, strict=True)])


def read(
    seen: list[ReferenceLayer], name: str, grid: tuple[int, int], mixed: mixers.Mixed, tail: Callable[[Tensor], Tensor]
) -> None:
    """The four readouts of one image's block at every iterate, (T+1, h, w) each (SPEC §4)."""
    gradients = mixed.gradients()
    per_step = {
        "energy": [torch.sqrt((z**2).sum((0, 2))) for z in mixed.z],
        "gap": [g.mean((0, 2)) for g in gradients],
        "contribution": [torch.sqrt(((g * mixed.v) ** 2).sum((0, 2))) for g in gradients],
        "stream": [torch.sqrt((tail(mixers.joined(z)) ** 2).sum(1)) for z in mixed.z],
    }
    maps = {readout: torch.stack(values).reshape(-1, *grid) for readout, values in per_step.items()}
    seen.append(ReferenceLayer(name, torch.stack(mixed.z), mixed.codes, maps))


def batched(images: tuple[ReferenceLayer, ...]) -> ReferenceLayer:
    """One block's results for several images, joined along the second axis."""
    first = images[0]
    return ReferenceLayer(
        name=first.name,
        z=torch.stack([layer.z for layer in images], dim=1),
        codes=[torch.stack(same) for same in zip(*(layer.codes for layer in images), strict=True)],
        maps={readout: torch.stack([layer.maps[readout] for layer in images], dim=1) for readout in first.maps},
    )


def network(image: Tensor, weights: Weights, architecture: Architecture, on_layer: OnLayer) -> Tensor:
    """One image (3, S, S) -> logits (classes,)."""
    image = stem(image, part(weights, "stem"), architecture)
    stages = part(weights, "stages")
    for stage in range(count(stages)):
        if stage > 0:
            image = convolution(image, part(weights, f"transitions.{stage - 1}.conv"), stride=2, padding=1)
        blocks = part(stages, str(stage))
        for index in range(count(blocks)):
            _, height, width = image.shape
            layer = partial(on_layer, f"{stage}.{index}", (height, width))
            tokens = block(as_tokens(image), (height, width), part(blocks, str(index)), architecture, layer)
            image = as_image(tokens, height, width)
    return head(as_tokens(image), part(weights, "head"), architecture)


def count(weights: Weights) -> int:
    """How many numbered parts there are: "0.…", "1.…", …"""
    return len({key.split(".")[0] for key in weights})


def stem(image: Tensor, weights: Weights, architecture: Architecture) -> Tensor:
    """(3, S, S) -> (C, h, w)."""
    if architecture.backbone in ("rvt_tiny", "rvt_small", "rvt_base"):
        image = convolution(image, part(weights, "proj.0"), stride=2, padding=2)
        image = image_batch_norm(image, part(weights, "proj.1"))
        image = torch.max_pool2d(image[None], 3, stride=2, padding=1)[0]
        return convolution(image, part(weights, "proj.3"), stride=4, padding=0)
    if architecture.backbone == "rvt_nano":
        return convolutional_stem(image, part(weights, "proj"))
    image = convolutional_stem(image, part(weights, "stem.proj"))
    _, height, width = image.shape
    return image + as_image(weights["position"][0], height, width)


def convolutional_stem(image: Tensor, weights: Weights) -> Tensor:
    """3×3 stride 2 → BatchNorm → ReLU, as often as there are such convolutions, then 1×1 (Xiao et al. 2021)."""
    index = 0
    while f"{index + 1}.weight" in weights:  # a normalisation follows
        image = convolution(image, part(weights, str(index)), stride=2, padding=1)
        image = torch.clamp(image_batch_norm(image, part(weights, str(index + 1))), min=0)
        index += 3
    return convolution(image, part(weights, str(index)), stride=1, padding=0)


def block(
    x: Tensor,
    grid: tuple[int, int],
    weights: Weights,
    architecture: Architecture,
    on_layer: Callable[[mixers.Mixed, Callable[[Tensor], Tensor]], None],
) -> Tensor:
    """(N, C) -> (N, C)."""
    gfnet = architecture.backbone.startswith("gfnet")
    static = (
        architecture.mixer == "vars_s" and not gfnet
    )  # VARS-S on RVT and DeiT: no norm before it, BatchNorm after it
    fourier = fourier_transform(*grid, x.dtype)
    mixer, solve = part(weights, "mixer"), architecture.solve
    num_heads = architecture.num_heads(x.shape[1])

    normed = x if static else layer_norm(x, part(weights, "norm1"))
    match architecture.mixer:
        case "self":
            mixed = mixers.self_attention(normed, mixer, num_heads)
        case "performer":
            mixed = mixers.performer(normed, mixer, num_heads)
        case "vars_d" | "vars_sd":
            mixed = mixers.dense_reconstruction(normed, mixer, num_heads, solve)
        case "vars_s":
            mixed = mixers.convolutional_reconstruction(normed, mixer, fourier, solve)
        case "filter":
            mixed = mixers.global_filter(normed, mixer, fourier)
        case unknown:
            raise ValueError(f"no formula for the mixer {unknown!r}")

    def tail(z: Tensor) -> Tensor:
        mixer_output = mixers.projected(z, mixer, fourier)
        if gfnet:  # one residual around mixer and MLP together
            return x + mlp(layer_norm(mixer_output, part(weights, "norm2")), grid, weights)
        y = x + mixer_output
        norm = batch_norm if static else layer_norm
        return y + mlp(norm(y, part(weights, "norm2")), grid, weights)

    on_layer(mixed, tail)
    return tail(mixers.joined(mixed.z[-1]))


def mlp(x: Tensor, grid: tuple[int, int], weights: Weights) -> Tensor:
    """linear → GELU → linear; RVT's has BatchNorms and a 3×3 depthwise convolution in between."""
    weights = part(weights, "mlp")
    if "dwconv.weight" not in weights:
        return linear(gelu(linear(x, part(weights, "fc1"))), part(weights, "fc2"))
    image = convolution(as_image(x, *grid), part(weights, "fc1"), stride=1, padding=0)
    image = gelu(image_batch_norm(image, part(weights, "bn1")))
    image = convolution(image, part(weights, "dwconv"), stride=1, padding=1)
    image = gelu(image_batch_norm(image, part(weights, "bn2")))
    image = convolution(image, part(weights, "fc2"), stride=1, padding=0)
    return as_tokens(image_batch_norm(image, part(weights, "bn3")))


def head(x: Tensor, weights: Weights, architecture: Architecture) -> Tensor:
    """RVT pools the tokens and norms the mean; DeiT* and GFNet norm the tokens and pool them."""
    norm, classify = part(weights, "norm"), part(weights, "linear")
    if architecture.backbone.startswith("rvt"):
        return linear(layer_norm(x.mean(0, keepdim=True), norm), classify)[0]
    return linear(layer_norm(x, norm).mean(0, keepdim=True), classify)[0]
