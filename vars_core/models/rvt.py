"""RVT as the VARS authors build it, in four sizes (SPEC §2): no position embedding, no class token."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from vars_core.image_size import ImageSize
from vars_core.mixers import LayerShape, Solving, mixer_kind
from vars_core.mlp import ConvMlp, Mlp
from vars_core.models.backbone import Backbone, Downsample, PoolThenNorm, drop_path_rates
from vars_core.models.blocks import build_block
from vars_core.models.initialise import initialise
from vars_core.models.stems import ConvStem, RvtStem, stem_grid
from vars_core.spec import ModelSpec
from vars_core.tokens import Grid


@dataclass(frozen=True)
class RvtConfig:
    """Per stage: depth, heads. ``head_dim`` is d, ``feature_ratio`` m/d, ``num_kernels`` r of `vars_s`."""

    image_size: int
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    head_dim: int
    feature_ratio: int = 2
    stem: type[RvtStem | ConvStem] = RvtStem
    stem_stride: int = 16
    mlp: type[nn.Module] = ConvMlp
    num_kernels: int = 5
    convolutional_lam: float = 3.5


RVT_CONFIGS = {
    # Ours (SPEC §9), small enough to be trained in minutes. λ of its vars_s is the others' 0.3, not the released 3.5: a
    # short training from small random weights would see no code above that threshold.
    "rvt_nano": RvtConfig(
        112,
        (4, 2),
        (4, 8),
        32,
        feature_ratio=1,
        stem=ConvStem,
        stem_stride=8,
        num_kernels=2,
        convolutional_lam=0.3,
    ),
    "rvt_tiny": RvtConfig(224, (10, 2), (6, 12), 32),
    "rvt_small": RvtConfig(224, (12,), (6,), 64),
    "rvt_base": RvtConfig(224, (12,), (12,), 64, mlp=Mlp),
}


def build_rvt(
    spec: ModelSpec, num_classes: int, image_size: ImageSize | None, solving: Solving, drop_path: float = 0.0
) -> Backbone:
    """``image_size`` None: the size the backbone was made for."""
    config = RVT_CONFIGS[spec.backbone]
    size = config.image_size if image_size is None else image_size
    dims = [heads * config.head_dim for heads in config.heads]
    grid = stem_grid(config.stem(dims[0], config.stem_stride), size)
    rates = drop_path_rates(drop_path, sum(config.depths))
    stages, transitions = [], []
    for i, (depth, heads, dim) in enumerate(zip(config.depths, config.heads, dims, strict=True)):
        if i > 0:
            transitions.append(Downsample(dims[i - 1], dim))
            grid = halved(grid)
        shape = LayerShape(
            dim, heads, grid, config.feature_ratio * config.head_dim, config.num_kernels, config.convolutional_lam
        )
        mlps = [config.mlp(dim, 4 * dim) for _ in range(depth)]
        stages.append([build_block(spec.mixer, shape, solving, mlp, rates.pop(0)) for mlp in mlps])
    model = Backbone(
        spec=spec,
        image_size=size,
        stem=config.stem(dims[0], config.stem_stride),
        stages=stages,
        transitions=transitions,
        head=PoolThenNorm(dims[-1], num_classes),
        num_steps=mixer_kind(spec.mixer).num_steps(solving),
    )
    return initialise(model)


def halved(grid: Grid) -> Grid:
    """The grid after a 3×3 stride-2 convolution with padding 1."""
    return ((grid[0] + 1) // 2, (grid[1] + 1) // 2)
