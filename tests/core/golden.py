"""Reference values of the authors' code: reproducible weights by key name, and what that code computes from them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import torch

FILES = {"self": "self-att", "performer": "perf", "vars_s": "vars_s", "vars_d": "vars_d", "vars_sd": "vars_sd"}


class Golden:
    """One fixture: `state` in the authors' key names, `values` by name, and the `images` they were computed from."""

    def __init__(self, folder: Path, mixer: str) -> None:
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
