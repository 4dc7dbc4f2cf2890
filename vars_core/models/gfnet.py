"""GFNet*: global filters with the convolutional stem; a VARS mixer stands where the filter stood (SPEC §2)."""

from __future__ import annotations

from dataclasses import dataclass

from vars_core.block import SingleResidualBlock
from vars_core.image_size import ImageSize
from vars_core.mixers import LayerShape, Solving, mixer_kind
from vars_core.mixers.kind import layer_norms
from vars_core.mlp import Mlp
from vars_core.models.backbone import Backbone, NormThenPool, drop_path_rates
from vars_core.models.initialise import initialise
from vars_core.models.stems import ConvStem, PositionedStem, stem_grid
from vars_core.spec import ModelSpec

HEAD_DIM = 64


@dataclass(frozen=True)
class GfnetConfig:
    dim: int
    depth: int


GFNET_CONFIGS = {"gfnet_tiny": GfnetConfig(256, 12), "gfnet_small": GfnetConfig(384, 19)}


def build_gfnet(
    spec: ModelSpec, num_classes: int, image_size: ImageSize | None, solving: Solving, drop_path: float = 0.0
) -> Backbone:
    """``image_size`` None: 224."""
    config = GFNET_CONFIGS[spec.backbone]
    size = 224 if image_size is None else image_size
    grid = stem_grid(ConvStem(config.dim), size)
    shape = LayerShape(config.dim, config.dim // HEAD_DIM, grid, num_features=HEAD_DIM, num_kernels=1)
    return initialise(
        Backbone(
            spec=spec,
            image_size=size,
            stem=PositionedStem(ConvStem(config.dim), config.dim, grid),
            stages=[[_block(spec.mixer, shape, solving, rate) for rate in drop_path_rates(drop_path, config.depth)]],
            transitions=[],
            head=NormThenPool(config.dim, num_classes),
            num_steps=mixer_kind(spec.mixer).num_steps(solving),
        )
    )


def _block(mixer: str, shape: LayerShape, solving: Solving, drop_path: float) -> SingleResidualBlock:
    kind, dim = mixer_kind(mixer), shape.dim
    norm1, norm2 = layer_norms(dim)
    built = (kind.replacing_filter or kind.build)(shape, solving)
    return SingleResidualBlock(norm1, built, norm2, Mlp(dim, 4 * dim), drop_path)
