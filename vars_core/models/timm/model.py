"""Any timm model behind the same interface: attention over a whole grid is traced, all others give logits only."""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from typing import Any

import torch
from timm.data import resolve_model_data_config
from torch import Tensor, nn

from vars_core.errors import InputError
from vars_core.image_size import ImageSize, checked_size, size_text
from vars_core.models.base import VisionModel
from vars_core.models.timm.build import build
from vars_core.models.timm.layouts import fitted
from vars_core.models.timm.structure import (
    BlockAttention,
    block_attention,
    num_prefix_tokens,
    structure_of,
    tokens_of,
)
from vars_core.models.timm.watch import AttentionWatch
from vars_core.operators import LinearMixing
from vars_core.preprocessing import Preprocessing
from vars_core.spec import ModelSpec
from vars_core.targets import Answer
from vars_core.trace import TraceRecorder


class TimmModel(VisionModel):
    """``timm/<name>``, also ``timm/<name>.<tag>``: the configuration (input size, mean, deviation, crop) is the tag's.

    Layers are "stage.block" for every block that attends over one whole grid (`structure_of`), none otherwise: then
    ``untraced`` says why in one sentence. Maps cover the patch tokens: class and register tokens take part in the
    attention and are left out of the map. ``num_classes`` 0 leaves the classifier out: logits are pooled features.
    """

    num_steps = 0

    def __init__(
        self,
        spec: ModelSpec,
        num_classes: int,
        image_size: ImageSize | None,
        *,
        drop_path: float = 0.0,
        pretrained: bool = False,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.model = build(spec.mixer, num_classes, image_size, drop_path=drop_path, pretrained=pretrained)
        structure = structure_of(spec.mixer, image_size)
        self.untraced = structure.reason and f"{spec} gives logits only: {structure.reason}"
        self._layer_names = tuple(structure.layers)
        configuration = resolve_model_data_config(self.model)
        self.image_size = image_size or checked_size(tuple(configuration["input_size"][-2:]))
        self.preprocessing = Preprocessing.of_timm(configuration, structure.covered)
        for layer, path in structure.layers.items():
            block = self.model.get_submodule(path)
            block.register_forward_pre_hook(_enter_block)
            block.register_forward_hook(partial(_leave_block, layer))

    @property
    def num_classes(self) -> int:
        return self.model.num_classes

    @property
    def layer_names(self) -> tuple[str, ...]:
        return self._layer_names

    def adapted(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """From any of the layouts of `vars_core.models.timm.layouts`, brought to this model's grid."""
        return {f"model.{key}": value for key, value in fitted(state, self.spec.mixer, self.model).items()}

    def forward(self, images: Tensor, trace: TraceRecorder | None = None) -> Tensor:
        if trace is None or not self.layer_names:
            return self.model(images)
        if self.training:
            raise InputError("a model is traced in evaluation mode: call model.eval() first")
        with _Tracing(self, images, trace) as tracing:
            token = _tracing.set(tracing)
            try:
                return self.model(images)
            finally:
                _tracing.reset(token)


class _Tracing(AttentionWatch):
    """One traced forward call: what its blocks do goes to the recorder as they end."""

    def __init__(self, model: TimmModel, images: Tensor, trace: TraceRecorder) -> None:
        super().__init__()
        self._trace = trace
        self._image_size = (images.shape[-2], images.shape[-1])
        self._num_prefix = num_prefix_tokens(model.model)
        self._has_class_token = getattr(model.model, "cls_token", None) is not None
        self._spec = model.spec

    def record(self, layer: str, block: nn.Module, output: Any) -> None:
        attention = block_attention(block, self.take(), self._image_size, self._num_prefix, output)
        if attention is None:
            size = size_text(self._image_size)
            raise InputError(f"block {layer} of {self._spec} does not attend over one whole grid at {size} pixels")
        recorder = self._trace.layer(layer, attention.grid)
        tokens = tokens_of(output, attention.grid, attention.num_prefix)
        if recorder is not None and tokens is not None:
            operator, values = PatchMixing(attention), attention.values[:, :, attention.num_prefix :]
            for z, codes in operator.iterates(values):
                recorder.iterate(operator, values, z, codes)
            whole = LinearMixing(attention.apply)
            answer = Answer(
                attention.results,
                attention.joined,
                whole,
                attention.values,
                attention.num_prefix,
                has_class_token=self._has_class_token and attention.num_prefix > 0,
            )
            recorder.gradients(operator, values, answer)
            recorder.finish(lambda z: z, tokens)
        self.forget()  # what the recording itself called


# The model's own code calls the blocks, so the recorder cannot be handed to them: the hooks find this call's here.
# A context variable belongs to one thread, and a call sets it back: threads on one model do not meet.
_tracing: ContextVar[_Tracing | None] = ContextVar("tracing", default=None)


def _enter_block(block: nn.Module, inputs: Any) -> None:
    if (tracing := _tracing.get()) is not None:
        tracing.forget()


def _leave_block(layer: str, block: nn.Module, inputs: Any, output: Any) -> None:
    if (tracing := _tracing.get()) is not None:
        tracing.record(layer, block, output)


class PatchMixing(LinearMixing):
    """The attention as a map of the patch values (B, H, N, d); the prefix tokens' values enter as constants."""

    def __init__(self, attention: BlockAttention) -> None:
        num_prefix = attention.num_prefix
        prefix = attention.values[:, :, :num_prefix].detach()
        super().__init__(lambda patches: attention.apply(torch.cat([prefix, patches], dim=2))[:, :, num_prefix:])
        self.attention = attention


def stored_classes(name: str, state: dict[str, Tensor]) -> int:
    """The classes that weights of the architecture ``name`` were trained for, 0 where they have no classifier."""
    skeleton = build(name, 1000, None, device="meta")
    classifier = skeleton.default_cfg["classifier"]
    key = classifier if isinstance(classifier, str) else classifier[0]
    weight = fitted(state, name, skeleton).get(f"{key}.weight")
    return 0 if weight is None else weight.shape[0]
