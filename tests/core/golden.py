"""Reference values of the authors' code: reproducible weights by key name, and what that code computes from them."""

from __future__ import annotations

import importlib.util
import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from vars_core import Trace, TraceRecorder, create_model, load_checkpoint

FILES = {"self": "self-att", "performer": "perf", "vars_s": "vars_s", "vars_d": "vars_d", "vars_sd": "vars_sd"}


class Golden:
    """One fixture: `state` in the authors' key names, `values` by name, and the `images` they were computed from."""

    def __init__(self, folder: Path, mixer: str) -> None:
        self.mixer = mixer
        specification = importlib.util.spec_from_file_location("fill", folder / "fill.py")
        assert specification is not None and specification.loader is not None
        fill = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(fill)
        name = FILES[mixer]
        keys = json.loads((folder / f"keys_rvt_tiny_{name}.json").read_text())
        with np.load(folder / f"rvt_tiny_{name}_k3_s0.npz") as stored:
            self.values = {key: stored[key] for key in stored.files}
        self.state = {
            key: torch.from_numpy(np.asarray(fill.reference_array(key, tuple(shape)))) for key, shape in keys.items()
        }
        for key in self.state:
            if mixer == "vars_s" and key.endswith(".L"):
                _, stage, _, block, _ = key.split(".")
                self.state[key] = torch.from_numpy(self.values[f"L.{stage}.{block}"])
        self.images = torch.from_numpy(fill.reference_input())


def trace_of(golden: Golden, path: Path, images: Tensor) -> Trace:
    """What the project computes from ``images`` with the weights in the file ``path``, in the images' precision."""
    model = create_model(f"rvt_tiny/{golden.mixer}", num_classes=1000, num_steps=3).eval()
    load_checkpoint(model, path)
    model.to(images.dtype)
    recorder = TraceRecorder(("energy", "gap", "stream"), codes=True)
    with torch.no_grad():
        return recorder.result(model(images, recorder))


def computed(trace: Trace, key: str) -> Tensor | None:
    """What ``trace`` holds for the fixture's array ``key``; None for arrays that are inputs or other views."""
    kind, *place = key.split(".")
    if kind == "logits":
        return trace.logits
    if kind == "L" or key.endswith("sample"):
        return None
    layer = trace[".".join(place[:2])]
    if kind == "energy":
        return layer.maps["energy"][int(place[2].removeprefix("iter"))].flatten(1)
    if kind == "gap":
        return layer.maps["gap"][-1].flatten(1)
    if kind == "block":
        return layer.maps["stream"][-1].flatten(1)
    assert kind == "code" and layer.codes is not None
    codes = layer.codes[int(place[2].removeprefix("iter"))][:1]
    return codes.flatten(1, 2).flatten(2)[:, :64] if codes.ndim == 5 else codes  # VARS-S: C·r channels, first 64


def deviations(trace: Trace, golden: Golden) -> dict[str, float]:
    """Per array of the fixture the largest |difference|, relative to the array's largest magnitude."""
    found = {}
    for key, expected in golden.values.items():
        actual = computed(trace, key)
        if actual is not None:
            found[key] = float(np.abs(actual.numpy() - expected).max() / np.abs(expected).max())
    return found


def save(golden: Golden, path: Path) -> Path:
    """The fixture's weights in a file laid out like the released ones, .pth or .safetensors."""
    if path.suffix == ".safetensors":
        save_file(golden.state, str(path))
    else:
        torch.save({"model": golden.state, "args": Namespace(model="rvt_tiny"), "epoch": 299}, path)
    return path
