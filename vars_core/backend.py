"""The one inference backend: the page, the command line and the evaluations all hold one of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock

import numpy as np
import torch
from torch import Tensor, nn

from vars_core.errors import InputError
from vars_core.image_size import ImageSize
from vars_core.images import Placement, prepare
from vars_core.inference import frozen
from vars_core.models.base import VisionModel
from vars_core.preprocessing import Preprocessing
from vars_core.readings import default_reading
from vars_core.targets import ClassLogit, Target
from vars_core.trace import LayerTrace, Trace, TraceRecorder

PRECISIONS = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


def choose_device(device: str = "auto") -> torch.device:
    """``"auto"``: cuda, else mps, else cpu. Raises InputError for a device that is not there."""
    if device == "auto":
        available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
        return torch.device(next(name for name, there in available.items() if there))
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise InputError(f"device {device!r} is not there: expected auto, cpu, mps or cuda[:index]") from None
    return chosen


def versions(model: nn.Module) -> list[tuple[int, int]]:
    """Where each parameter and buffer lies, and how often it was changed there; quick, for every call asks it."""
    found, modules = [], [model]
    while modules:
        module = modules.pop()
        for tensors in (module._parameters, module._buffers):
            found += [(tensor.data_ptr(), tensor._version) for tensor in tensors.values() if tensor is not None]
        modules += [child for child in module._modules.values() if child is not None]
    return found


class Backend:
    """A model in evaluation mode on a device. Stateless between calls: any number of threads may share one.

    ``model`` is the trained one; calls run its fast form (`vars_core.inference`), which agrees with it to rounding and
    follows its weights. ``precision``: "fp32", or "bf16"/"fp16" for the matrix products inside the model. Results are
    float32 on the CPU. ``compiled``: `logits` runs through ``torch.compile``, a minute or two at its first call for
    every batch size; it then agrees with `trace` to rounding, not bit for bit. ``name``: what the weights are called,
    None for the model's spec.
    """

    def __init__(
        self,
        model: VisionModel,
        device: str = "auto",
        precision: str = "fp32",
        *,
        compiled: bool = False,
        name: str | None = None,
    ) -> None:
        if precision not in PRECISIONS:
            raise InputError(f"unknown precision {precision!r}: expected one of {', '.join(PRECISIONS)}")
        self.device = choose_device(device)
        self.precision = precision
        self.model = model.to(self.device).eval()
        self.compiled = compiled
        self._name = name
        self._made: tuple[object, VisionModel, Callable[[Tensor], Tensor]] | None = None
        self._making = Lock()

    @property
    def name(self) -> str:
        """What its weights are called: the model's spec, e.g. "rvt_nano/vars_d", unless they have their own name."""
        return self._name or str(self.model.spec)

    @property
    def image_size(self) -> ImageSize:
        """The side of the model's input in pixels, or (height, width)."""
        return self.model.image_size

    @property
    def preprocessing(self) -> Preprocessing:
        return self.model.preprocessing

    @property
    def layer_names(self) -> tuple[str, ...]:
        return self.model.layer_names

    @property
    def default_layer(self) -> str:
        """The layer whose maps are shown first (`vars_core.readings`). Raises InputError where none can be traced."""
        if not self.layer_names:
            raise InputError(self.model.untraced or f"{self.name} has no layer whose attention can be traced")
        chosen = default_reading(self.model.spec.backbone).layer
        first_stage = self.layer_names[0].partition(".")[0]
        return chosen or [name for name in self.layer_names if name.startswith(f"{first_stage}.")][-1]

    @property
    def default_readout(self) -> str:
        """The readout that is shown first; see `vars_core.readings`."""
        return default_reading(self.model.spec.backbone).readout

    @property
    def num_steps(self) -> int:
        """T of the solver; 0 for attention."""
        return self.model.num_steps

    @property
    def checkpoint_hash(self) -> str | None:
        """SHA-256 of the loaded checkpoint, None for fresh weights."""
        return self.model.checkpoint_hash

    def prepare(self, images: Sequence[np.ndarray], policy: str = "whole") -> tuple[Tensor, list[Placement]]:
        """uint8 (H, W, 3) images of any size -> normalised batch (B, 3, H, W) float32, and where it lies on them."""
        return prepare(images, self.image_size, policy, self.preprocessing)

    @torch.no_grad()
    def logits(self, batch: Tensor) -> Tensor:
        """(B, 3, S, S), normalised -> (B, classes)."""
        with self._autocast():
            return self._logits_of()(batch.to(self.device)).float().cpu()

    @torch.no_grad()
    def trace(
        self,
        batch: Tensor,
        readouts: Iterable[str] = ("energy",),
        layers: Iterable[str] | None = None,
        *,
        per_head: bool = False,
        statistics: bool = False,
        codes: bool = False,
        dictionary: bool = False,
        target: Target = None,
        before: Callable[[], None] = lambda: None,
    ) -> Trace:
        """Logits and the maps of ``layers`` (None: all) at every iterate; see `vars_core.trace`.

        ``target``: what ``gap`` and ``contribution`` differentiate, `vars_core.targets`. ``before``: called before each
        layer, so that a long call can let others go first; what it raises ends the call.
        """
        recorder = TraceRecorder(
            readouts,
            layers,
            per_head=per_head,
            statistics=statistics,
            codes=codes,
            dictionary=dictionary,
            target=target,
            before=before,
        )
        with torch.set_grad_enabled(isinstance(target, ClassLogit)):
            with self._autocast():
                logits = self._fast()(batch.to(self.device), recorder)
            return recorder.result(logits.float().cpu())

    @torch.no_grad()
    def maps(
        self, batch: Tensor, readouts: Iterable[str], layers: Iterable[str], *, per_head: bool = False
    ) -> dict[str, LayerTrace]:
        """What `trace` gives of ``layers``, by name, without logits: the model stops where it has passed them all."""
        recorder = TraceRecorder(readouts, layers, per_head=per_head)
        with self._autocast():
            for _ in self._fast().passes(batch.to(self.device), recorder):
                if recorder.complete:
                    break
        return {layer.name: layer for layer in recorder.layers()}

    def _fast(self) -> VisionModel:
        return self._current()[1]

    def _logits_of(self) -> Callable[[Tensor], Tensor]:
        return self._current()[2]

    def _current(self) -> tuple[object, VisionModel, Callable[[Tensor], Tensor]]:
        """The fast model of the weights as they are now: made anew, by one thread, where they have changed since."""
        stamp = versions(self.model)
        with self._making:
            if self._made is None or self._made[0] != stamp:
                with torch.no_grad():
                    fast = frozen(self.model)
                assert isinstance(fast, VisionModel)
                forward = torch.compile(fast, dynamic=False, options={"freezing": True}) if self.compiled else fast
                self._made = (stamp, fast, forward)
            return self._made

    def _autocast(self) -> AbstractContextManager[object]:
        dtype = PRECISIONS[self.precision]
        return nullcontext() if dtype is None else torch.autocast(self.device.type, dtype=dtype)
