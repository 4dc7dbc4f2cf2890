"""DeiT*: DeiT with the convolutional stem, without a class token (SPEC §2)."""

from __future__ import annotations

from vars_core.image_size import ImageSize
from vars_core.mixers import LayerShape, Solving, mixer_kind
from vars_core.mlp import Mlp
from vars_core.models.backbone import Backbone, NormThenPool, drop_path_rates
from vars_core.models.blocks import build_block
from vars_core.models.initialise import initialise
from vars_core.models.stems import ConvStem, PositionedStem, stem_grid
from vars_core.spec import ModelSpec

DEPTH = 12
NUM_KERNELS = 3


DIMS = {"deit_tiny": 192, "deit_small": 384}


def build_deit(
    spec: ModelSpec, num_classes: int, image_size: ImageSize | None, solving: Solving, drop_path: float = 0.0
) -> Backbone:
    """``image_size`` None: 224. The width of a head is its mixer's; it has as many random features as channels."""
    dim = DIMS[spec.backbone]
    size = 224 if image_size is None else image_size
    grid = stem_grid(ConvStem(dim), size)
    head_dim = mixer_kind(spec.mixer).deit_head_dim
    shape = LayerShape(dim, dim // head_dim, grid, num_features=head_dim, num_kernels=NUM_KERNELS)
    blocks = [
        build_block(spec.mixer, shape, solving, Mlp(dim, 4 * dim), rate) for rate in drop_path_rates(drop_path, DEPTH)
    ]
    return initialise(
        Backbone(
            spec=spec,
            image_size=size,
            stem=PositionedStem(ConvStem(dim), dim, grid),
            stages=[blocks],
            transitions=[],
            head=NormThenPool(dim, num_classes),
            num_steps=mixer_kind(spec.mixer).num_steps(solving),
        )
    )
