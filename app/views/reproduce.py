"""Text that makes the map of a view again: a few lines of Python, and a command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from app.library.photographs import SAMPLES

PYTHON = """\
from vars_core import Backend, load_model
from vars_core.images import decode_image
{imported}
backend = Backend(load_model({model}, image_size={size}), device="cpu")
batch, placements = backend.prepare([decode_image({photograph})])
trace = backend.trace(batch, readouts=({readout!r},), layers=({layer!r},))
raw = trace[{layer!r}].maps[{readout!r}][{t}, 0].numpy()  # (h, w)
on_photograph = placements[0].to_source(raw)
"""


def python_text(settings: Mapping[str, Any]) -> str:
    """``settings``: of an export of one model on one photograph (`app.views.exports.described`)."""
    view, model = settings["view"], settings["models"][0]
    ref = settings["photograph"]["ref"]
    sample = ref.removeprefix("sample:") if ref.startswith("sample:") else None
    return PYTHON.format(
        imported="" if sample is None else "from app.library.photographs import SAMPLES, sample_folder\n",
        model=_model(model),
        size=model["image_size"],
        photograph=repr(_file(ref)) if sample is None else f"sample_folder() / SAMPLES[{sample!r}]",
        readout=view["readout"],
        layer=view["layer"],
        t=view["t"],
    )


def command_text(settings: Mapping[str, Any]) -> str:
    """All iterates of the same map, over the photograph, as an animation."""
    view, model = settings["view"], settings["models"][0]
    name, given = model["name"], model.get("given")
    in_folder = name.startswith("weights:")
    weights = ["--checkpoint", given or f"{_stem(name)}.safetensors"] if given or in_folder else []
    words = [
        *("python", "-m", "analysis", "animate"),
        *("--image", _file(settings["photograph"]["ref"])),
        *("--model", "SPEC" if in_folder else name, *weights),
        *("--layer", view["layer"], "--readout", view["readout"]),
        *("--image-size", str(model["image_size"])),
        *("--colour-map", view["colours"], "--tokens", view["tokens"], "--out", "iterates.gif"),
    ]
    return shlex.join(words)


def _model(model: Mapping[str, Any]) -> str:
    name = model["name"]
    if model.get("given"):
        spec, _, file = model["given"].partition("=")[2].rpartition(":")
        return f"{spec or name!r}, {file!r}"
    return f'checkpoint="{_stem(name)}.safetensors"' if name.startswith("weights:") else repr(name)


def _stem(name: str) -> str:
    return name.removeprefix("weights:")


def _file(ref: str) -> str:
    """Where the photograph may lie: of an upload nobody but its owner knows."""
    if ref.startswith("sample:"):
        return SAMPLES.get(ref.removeprefix("sample:"), "photograph.jpg")
    return ref.partition("/")[2] if ref.startswith("data:") else "photograph.jpg"
