"""Options that the batch commands share: which models, from which files, which of their maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vars_core.errors import InputError, nearest
from vars_core.image_size import ImageSize
from vars_core.readings import default_reading
from vars_core.readouts import READOUTS
from vars_core.spec import HUB, parse_spec

if TYPE_CHECKING:
    from vars_core.backend import Backend

DEFAULT, ALL = "default", "all"


def parse_numbers(text: str, option: str, low: float, high: float, what: str = "numbers") -> list[float]:
    """ "2,1,0.5" in its order, each in [low, high]. Raises InputError naming the ``option``."""
    try:
        values = [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        values = []
    if not values or not all(low <= value <= high for value in values):
        raise InputError(
            f"expected {option} as {what} between {low:g} and {high:g} with commas between them, got {text!r}"
        )
    return values


@dataclass(frozen=True)
class ModelRequest:
    """A model asked for: its spec "rvt_nano/vars_d", its checkpoint, None for the weights that come with it, the size
    of its input, None for the model's own, and what it is called in every table, "" for its spec."""

    spec: str
    checkpoint: Path | str | None
    image_size: ImageSize | None = None
    called: str = ""

    @property
    def name(self) -> str:
        return self.called or self.spec

    @property
    def words(self) -> str:
        """As ``--checkpoint`` takes it, the file by its name alone; "" for weights that were not asked for."""
        if self.checkpoint is None:
            return ""
        file = Path(self.checkpoint).name
        return f"{self.called}={self.spec}:{file}" if self.called else f"{self.spec}={file}"


def parse_models(
    specs: Sequence[str], checkpoints: Sequence[str], image_size: ImageSize | None = None
) -> list[ModelRequest]:
    """Match ``--model SPEC`` with ``--checkpoint SPEC=FILE`` (``--checkpoint FILE`` where there is one model).

    ``--model NAME`` with ``--checkpoint NAME=SPEC:FILE`` gives weights a name of their own, so that several of one spec
    stand side by side. ``--checkpoint SPEC=hub`` fetches what a timm model's authors published.

    ``image_size`` is that of all of them, None for each model's own.

    Nothing is loaded. Raises InputError: an unknown spec or one twice, a checkpoint for no model or twice for one, a
    file that is not there.
    """
    named = _named(specs, checkpoints)
    for spec in specs:
        if spec not in named:
            parse_spec(spec)
        if list(specs).count(spec) > 1:
            raise InputError(f"expected every --model once, got {spec!r} twice")
    files: dict[str, Path | str] = {}
    for text in checkpoints:
        spec, separator, file = text.partition("=")
        if not separator and len(specs) == 1:
            spec, file = specs[0], text
        elif not separator:
            raise InputError(f"expected --checkpoint SPEC=FILE, got {text!r}")
        if spec not in specs:
            hint = f"nearest: {nearest(spec, specs)}" if specs else "there is no --model"
            raise InputError(f"expected --checkpoint for one of the models, got it for {spec!r} ({hint})")
        if spec in files:
            raise InputError(f"expected one --checkpoint for {spec!r}, got two")
        if spec in named:
            file = file.partition(":")[2]
        if file != HUB and not Path(file).is_file():
            raise InputError(f"expected a checkpoint file for {spec!r}, there is none at {file!r}")
        files[spec] = file if file == HUB else Path(file)
    return [
        ModelRequest(named.get(spec, spec), files.get(spec), image_size, spec if spec in named else "")
        for spec in specs
    ]


def _named(specs: Sequence[str], checkpoints: Sequence[str]) -> dict[str, str]:
    """NAME → SPEC for each ``--checkpoint NAME=SPEC:FILE`` of a ``--model NAME`` that is no spec itself."""
    named: dict[str, str] = {}
    for text in checkpoints:
        name, _, rest = text.partition("=")
        spec, separator, _ = rest.partition(":")
        if name in specs and "/" not in name and separator:
            named[name] = str(parse_spec(spec))
    return named


def for_maps(requests: Sequence[ModelRequest]) -> list[ModelRequest]:
    """The same models, at the input size at which their maps are read where none was asked for."""
    sizes = [default_reading(parse_spec(request.spec).backbone).image_size for request in requests]
    return [replace(r, image_size=r.image_size or size) for r, size in zip(requests, sizes, strict=True)]


def load_backends(requests: Sequence[ModelRequest], device: str) -> list[Backend]:
    """A backend for each request; without requests none, and no model is touched.

    Raises InputError: a device that is not there (found before any model is loaded), weights or a size that do not fit.
    """
    if not requests:
        return []
    import torch

    from vars_core.backend import Backend, choose_device
    from vars_core.weights import load_model

    choose_device(device)
    backends = []
    for request in requests:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # fresh weights are the same in every process, so that such a run can be continued
            model = load_model(request.spec, request.checkpoint, image_size=request.image_size)
        backends.append(Backend(model, device=device, name=request.called or None))
    return backends


def choose_layers(backend: Backend, asked: Sequence[str]) -> tuple[str, ...]:
    """The layers to read, in the model's order. ``asked``: names, "default" (the model's own), "all".

    Raises InputError: the model has no such layer, or none that can be traced.
    """
    default = backend.default_layer if backend.layer_names else None
    return _choose(asked, backend.layer_names, default, f"a layer of {backend.name}")


def choose_readouts(backend: Backend, asked: Sequence[str]) -> tuple[str, ...]:
    """The readouts to take, in SPEC's order. ``asked``: names, "default" (the model's own), "all"."""
    return _choose(asked, tuple(READOUTS), backend.default_readout, "a readout")


def _choose(asked: Sequence[str], known: Sequence[str], default: str | None, what: str) -> tuple[str, ...]:
    wanted: set[str] = set()
    for name in asked or [DEFAULT]:
        if name == ALL:
            wanted |= set(known)
        elif name == DEFAULT and default is not None:
            wanted.add(default)
        elif name in known:
            wanted.add(name)
        else:
            hint = f"nearest: {nearest(name, known)}" if known else "it has none that can be traced"
            raise InputError(f"expected {what}, got {name!r} ({hint})")
    return tuple(name for name in known if name in wanted)
