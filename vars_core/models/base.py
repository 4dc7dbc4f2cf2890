"""What every model of this project is, whoever wrote its layers."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from vars_core.image_size import ImageSize
from vars_core.preprocessing import IMAGENET, Preprocessing
from vars_core.spec import ModelSpec
from vars_core.trace import TraceRecorder


class VisionModel(nn.Module):
    """images (B, 3, H, W), normalised -> logits (B, classes), recording into ``trace`` where one is handed in.

    ``image_size`` is the input's side in pixels, or (H, W); ``num_steps`` the solver's T (0 for attention);
    ``layer_names`` are "stage.block"; where there is none, ``untraced`` says why. ``preprocessing`` is what
    "normalised" means. ``checkpoint_hash`` is the SHA-256 of the loaded file, None while the weights are fresh.
    """

    spec: ModelSpec
    image_size: ImageSize
    num_steps: int
    preprocessing: Preprocessing = IMAGENET
    untraced: str = ""
    checkpoint_hash: str | None = None

    @property
    def layer_names(self) -> tuple[str, ...]:
        raise NotImplementedError

    @property
    def num_classes(self) -> int:
        raise NotImplementedError

    def adapted(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weights from a file under this model's own names; here they are that already."""
        return state

    def passes(self, images: Tensor, trace: TraceRecorder) -> Iterator[object]:
        """A forward call in steps, recorded by ``trace``: whoever has seen enough need not ask for the next one.

        Here it is one step; a model that can stop after a layer stops there. The logits are not computed.
        """
        yield self(images, trace)

    def forward(self, images: Tensor, trace: TraceRecorder | None = None) -> Tensor:
        raise NotImplementedError
