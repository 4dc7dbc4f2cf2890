"""Any timm model behind the same interface: a ViT's softmax attention is traced, a CNN gives logits only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import timm
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from vars_core.errors import InputError, nearest
from vars_core.image_size import ImageSize
from vars_core.models.base import VisionModel
from vars_core.operators import LinearMixing
from vars_core.spec import ModelSpec
from vars_core.trace import TraceRecorder


class TimmModel(VisionModel):
    """``timm/<name>``; layers are "0.<block>" where the model is a plain ViT, none otherwise.

    Maps cover the patch tokens: class and register tokens take part in the attention and are left out of the map.
    """

    num_steps = 0

    def __init__(self, spec: ModelSpec, num_classes: int, image_size: ImageSize | None) -> None:
        super().__init__()
        name = spec.mixer
        if not timm.is_model(name):
            known = timm.list_models()
            raise InputError(f"timm has no model {name!r}; nearest: {nearest(name, known)}")
        sizes: dict[str, Any] = {} if image_size is None else {"img_size": image_size}
        model: Any  # timm's models share attributes that no common type declares
        try:
            model = timm.create_model(name, pretrained=False, num_classes=num_classes, **sizes)
        except TypeError:  # most CNNs take any size and know no img_size
            model = timm.create_model(name, pretrained=False, num_classes=num_classes)
        self.model = model
        self.spec = spec
        native: int = self.model.default_cfg["input_size"][-1]
        self.image_size = native if image_size is None else image_size

    @property
    def num_classes(self) -> int:
        return self.model.num_classes

    @property
    def layer_names(self) -> tuple[str, ...]:
        return tuple(f"0.{i}" for i in range(len(self.model.blocks))) if self._is_plain_vit else ()

    @property
    def _is_plain_vit(self) -> bool:
        """A sequence of blocks over one grid of patches whose attention is PyTorch's fused one."""
        model = self.model
        return (
            hasattr(model, "blocks")
            and hasattr(model, "forward_intermediates")
            and hasattr(getattr(model, "patch_embed", None), "grid_size")
            and all(getattr(getattr(block, "attn", None), "fused_attn", False) for block in model.blocks)
        )

    def forward(self, images: Tensor, trace: TraceRecorder | None = None) -> Tensor:
        if trace is None or not self.layer_names:
            return self.model(images)
        if self.training:
            raise InputError("a model is traced in evaluation mode: call model.eval() first")
        with _AttentionCapture() as capture:
            features, outputs = self.model.forward_intermediates(images, norm=False, output_fmt="NLC")
        for index, ((q, k, v, options), output) in enumerate(zip(capture.calls, outputs, strict=True)):
            grid = self.model.patch_embed.dynamic_feat_size(images.shape[-2:])
            recorder = trace.layer(f"0.{index}", grid)
            if recorder is None:
                continue
            num_prefix = v.shape[2] - grid[0] * grid[1]
            operator, values = _patch_attention(q, k, v, options, num_prefix), v[:, :, num_prefix:]
            for z, codes in operator.iterates(values):
                recorder.iterate(operator, values, z, codes)
            recorder.gradients(operator, values)
            recorder.finish(lambda z: z, output)
        return self.model.forward_head(features)


def _patch_attention(q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any], num_prefix: int) -> LinearMixing:
    """The layer's attention as a map of the patch values; the prefix tokens' values enter as constants."""

    def apply(patch_values: Tensor) -> Tensor:
        values = torch.cat([v[:, :, :num_prefix].detach(), patch_values], dim=2)
        return F.scaled_dot_product_attention(q, k, values, **options)[:, :, num_prefix:]

    return LinearMixing(apply)


class _AttentionCapture(TorchFunctionMode):
    """Notes the arguments of every fused attention call of this thread; the call itself runs as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Tensor, Tensor, Tensor, dict[str, Any]]] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention:
            q, k, v, *rest = args
            options = dict(zip(("attn_mask", "dropout_p", "is_causal", "scale"), rest, strict=False)) | kwargs
            self.calls.append((q, k, v, options))
        return func(*args, **kwargs)
