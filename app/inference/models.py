"""The models of the page: embedded ones load once, in the background; others when first asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.commands.options import ModelRequest
from app.inference.traced import ModelFacts
from app.library.photographs import MODEL_SIZES
from vars_core.embedded import embedded_models, embedded_weights
from vars_core.errors import InputError, nearest
from vars_core.image_size import height_and_width, size_text
from vars_core.mixers.table import MIXERS
from vars_core.readings import default_reading
from vars_core.spec import BACKBONES, model_names, parse_spec

if TYPE_CHECKING:
    from vars_core.backend import Backend

DEFAULT_MODEL = "rvt_nano/vars_d"
"""What is shown first, and loaded first."""

EMBEDDED = sorted(embedded_models(), key=lambda name: name != DEFAULT_MODEL)
"""The models that come with their weights, in the order in which they are offered."""

FROM_FILE = "weights:"
"""Prefix of a model that is a checkpoint in the configured folder."""

EXTRA_BYTES = 400_000_000
"""Weights besides the embedded ones at their default size that stay loaded; the latest model stays in any case."""

DEFAULT_SIZE = "default"


class ModelShelf:
    """Loaded backends by name. Safe from several threads; each model is loaded once."""

    def __init__(
        self,
        device: str = "auto",
        precision: str = "fp32",
        weights: Path | None = None,
        named: Sequence[ModelRequest] = (),
    ) -> None:
        self._device = device
        self._precision = precision
        self._files = checkpoint_files(weights)
        self._named = {request.name: request for request in named}
        self._kept: dict[str, Backend] = {}
        self._extra: OrderedDict[str, Backend] = OrderedDict()
        self._states = dict.fromkeys(EMBEDDED, "waiting")
        self._lock = threading.RLock()

    @property
    def names(self) -> list[str]:
        """Every model that the page offers: embedded, then from files, then the others with fresh weights."""
        return list(dict.fromkeys([*EMBEDDED, *self._named, *self._files, *model_names()]))

    def trained(self, name: str) -> bool:
        """Whether there are weights for a model on offer; the others are looked at with fresh ones."""
        return name in self._named or name in self._files or embedded_weights(name) is not None

    def states(self) -> dict[str, str]:
        """ "waiting", "loading", "ready" or "failed: …" for each embedded model."""
        return dict(self._states)

    def check(self, name: str) -> None:
        """Raise InputError unless ``name`` is a model that can be asked for; timm models are, by their names."""
        name, _ = split_size(name)
        if name in self._named or name in self._files:
            return
        if name.startswith(FROM_FILE):
            raise InputError(
                f"no checkpoint {name!r} on this server; nearest: {nearest(name, self._files or EMBEDDED)}"
            )
        if parse_spec(name).is_timm:
            import timm

            architecture = name.removeprefix("timm/")
            if not timm.is_model(architecture):
                raise InputError(
                    f"timm has no model {architecture!r}; nearest: {nearest(architecture, timm.list_models())}"
                )

    def load_embedded(self, loaded: Callable[[str], None] = lambda name: None) -> threading.Thread:
        """Load the embedded models in a thread of their own, which is returned.

        ``loaded`` is told the name of each that is ready, once all are: what it does delays none of them.
        """
        thread = threading.Thread(target=self._load_embedded, args=(loaded,), name="models", daemon=True)
        thread.start()
        return thread

    def load_named(self) -> None:
        """Load the checkpoints that were named: one that does not fit is told at the start. Raises InputError."""
        for name in self._named:
            self.backend(name)

    def backend(self, name: str) -> Backend:
        """The model of that name, loaded if it is not yet. Raises InputError for an unknown or unusable one."""
        with self._lock:
            if name in self._kept:
                return self._kept[name]
            if name in self._extra:
                self._extra.move_to_end(name)
                return self._extra[name]
            return self._load(name)

    def facts(self, name: str) -> ModelFacts:
        """What the page says of a model; loads it. The viewer places squares alone."""
        backend = self.backend(name)
        if not isinstance(backend.image_size, int):
            raise InputError(f"expected a model of square input, {name} has {size_text(backend.image_size)}")
        layers, covered = tuple(backend.layer_names), backend.preprocessing.covered
        spec = backend.model.spec
        request = self._named.get(split_size(name)[0])
        return ModelFacts(
            name=split_size(name)[0],
            image_size=backend.image_size,
            layers=layers,
            default_layer=backend.default_layer if layers else "",
            default_readout=backend.default_readout,
            num_steps=backend.num_steps,
            checkpoint_hash=backend.checkpoint_hash,
            given="" if request is None else request.words,
            covered=None if covered is None else min(height_and_width(covered)),
            mixer=("self" if spec.is_timm else spec.mixer) if layers else "",  # of timm's, softmax attention is traced
        )

    def _load_embedded(self, loaded: Callable[[str], None]) -> None:
        for name in EMBEDDED:
            try:
                self.backend(name)
            except Exception as error:  # the page stays up, and says which model is missing and why
                self._states[name] = f"failed: {error}"
        for name, state in self._states.items():
            if state == "ready":
                loaded(name)

    def _load(self, name: str) -> Backend:
        self.check(name)
        self._note(name, "loading")
        from vars_core.backend import Backend
        from vars_core.weights import load_model

        spec, size = split_size(name)
        if spec in self._named:
            request = self._named[spec]
            model = load_model(request.spec, request.checkpoint, image_size=size or default_size(request.spec))
        elif spec in self._files:
            model = load_model(None, self._files[spec], image_size=size)
        else:
            fresh = 200 if spec.startswith("rvt_nano/") and embedded_weights(spec) is None else None
            model = load_model(spec, num_classes=fresh, image_size=size or default_size(spec))
        backend = Backend(model, self._device, self._precision)
        if name in EMBEDDED:
            self._kept[name] = backend
        else:
            self._extra[name] = backend
            while len(self._extra) > 1 and sum(map(weight_bytes, self._extra.values())) > EXTRA_BYTES:
                self._extra.popitem(last=False)
        self._note(name, "ready")
        return backend

    def _note(self, name: str, state: str) -> None:
        if name in self._states:
            self._states[name] = state


def sized(name: str, size: str | float | None) -> str:
    """The name that asks for a model at an input size: "rvt_nano/vars_d@160"; the plain one for its default size.

    ``size``: a number of pixels a side, "default", or nothing. Raises InputError for a size that is not on offer.
    """
    if size in (None, "", 0, DEFAULT_SIZE):
        return name
    offered = {str(one): one for one in MODEL_SIZES}
    text = f"{size:g}" if isinstance(size, int | float) else str(size)
    if text not in offered:
        raise InputError(
            f"expected an input size of {', '.join(offered)} pixels or {DEFAULT_SIZE!r}, got {text[:40]!r}"
        )
    return name if offered[text] == default_size(name) else f"{name}@{text}"


def split_size(name: str) -> tuple[str, int | None]:
    """ "rvt_nano/vars_d@160" -> ("rvt_nano/vars_d", 160); None for the default size. Raises InputError."""
    model, at, size = name.rpartition("@")
    if not at:
        return name, None
    if sized(model, size) != name:
        raise InputError(f"expected {sized(model, size)!r} for {model!r} at this size, got {name!r}")
    return model, int(size)


def default_size(name: str) -> int | None:
    """Pixels a side at which a model's maps are read unless somebody says otherwise; None for the backbone's own."""
    size = default_reading(name.partition("/")[0]).image_size
    return size if isinstance(size, int) else None


def weight_bytes(backend: Backend) -> int:
    """What a model's parameters and buffers take."""
    model = backend.model
    return sum(part.numel() * part.element_size() for part in (*model.parameters(), *model.buffers()))


def checkpoint_files(folder: Path | None) -> dict[str, Path]:
    """``weights:<stem>`` -> file, for every checkpoint directly in ``folder``."""
    if folder is None:
        return {}
    files = sorted(path for path in folder.iterdir() if path.suffix in (".pth", ".safetensors") and path.is_file())
    return {f"{FROM_FILE}{path.stem}": path for path in files}


def title(name: str) -> str:
    """ "rvt_nano/vars_d" -> "RVT-nano · VARS-D"."""
    backbone, _, mixer = name.partition("/")
    try:
        return f"{BACKBONES[backbone].title} · {MIXERS[mixer].title}"
    except KeyError:
        return name
