"""Made photographs and a made model, for the tests of what is measured on maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from vars_core.images import Placement, normalise
from vars_core.preprocessing import IMAGENET
from vars_core.trace import LayerTrace

SIZES = ((40, 56), (48, 32), (33, 47))


def write_image(path: Path, seed: int, shape: tuple[int, int]) -> None:
    """A photograph of noise with a bright blob, so that maps of it differ from place to place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    image = generator.integers(0, 120, (*shape, 3)).astype(np.uint8)
    y, x = generator.integers(0, np.array(shape) // 2)
    image[y : y + shape[0] // 2, x : x + shape[1] // 2] += 130
    Image.fromarray(image).save(path)


class MadeBackend:
    """Answers like a Backend; its heads are pooled colour channels, its iterates powers of them.

    Each readout is another channel. Layer "0.1" of an image that is black all over is constant, hence degenerate.
    """

    name = "made/model"
    image_size = 24
    preprocessing = IMAGENET
    layer_names = ("0.0", "0.1")
    default_layer = "0.1"
    default_readout = "energy"
    num_steps = 2
    iterates = 3
    checkpoint_hash = None
    device = torch.device("cpu")

    def prepare(self, images: Sequence[np.ndarray], policy: str = "whole") -> tuple[Tensor, list[Placement]]:
        placements = [Placement(image.shape[0], image.shape[1], self.image_size, policy) for image in images]
        placed = [placement.place(image) for placement, image in zip(placements, images, strict=True)]
        return normalise(np.stack(placed)), placements

    def maps(
        self, batch: Tensor, readouts: Sequence[str], layers: Iterable[str], *, per_head: bool = False
    ) -> dict[str, LayerTrace]:
        traced = {}
        for name in layers:
            grid = (6, 6) if name == "0.0" else (5, 7)
            pooled = adaptive_avg_pool2d(batch, grid).mul(1e4).round()  # constant stays constant, to the last bit
            heads = torch.stack([(pooled + 3e4).pow(step + 1) for step in range(self.iterates)])
            maps = {readout: heads[:, :, index % 3] for index, readout in enumerate(readouts)}
            head_maps = dict.fromkeys(readouts, heads) if per_head else {}
            traced[name] = LayerTrace(name=name, grid=grid, maps=maps, head_maps=head_maps)
        return traced


class MadeAttention(MadeBackend):
    """Has one iterate, whatever number of steps it was built with, as attention has."""

    iterates = 1
