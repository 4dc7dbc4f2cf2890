"""The released models' arithmetic, array by array: 1e-4 relative to each array's largest magnitude (SPEC §3)."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import vars_core.solver
from tests.core.golden import FILES, Golden
from vars_core import Trace, TraceRecorder, create_model, load_checkpoint
from vars_core.solver import gelu_threshold

TOLERANCE = 1e-4


def trace_of(golden: Golden, mixer: str, path: Path, images: Tensor) -> Trace:
    model = create_model(f"rvt_tiny/{mixer}", num_classes=1000, num_steps=3).eval()
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
    found = {}
    for key, expected in golden.values.items():
        actual = computed(trace, key)
        if actual is not None:
            found[key] = float(np.abs(actual.numpy() - expected).max() / np.abs(expected).max())
    return found


def save(golden: Golden, path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file(golden.state, str(path))
    else:  # as released: the state dict under `model`, the command line beside it
        torch.save({"model": golden.state, "args": Namespace(model="rvt_tiny"), "epoch": 299}, path)
    return path


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("mixer", FILES)
def test_a_file_laid_out_like_the_released_ones_gives_the_authors_numbers(
    mixer: str, suffix: str, shared: Path, tmp_path: Path
) -> None:
    golden = Golden(shared / "golden", mixer)
    path = save(golden, tmp_path / f"weights{suffix}")
    found = deviations(trace_of(golden, mixer, path, golden.images), golden)
    logits = found.pop("logits")
    assert len(found) > 20
    assert {key: error for key, error in found.items() if error > TOLERANCE} == {}
    # Of vars_sd one code decides between 1.06e-4 and 6e-5, see the next test.
    assert logits <= (2 * TOLERANCE if mixer == "vars_sd" else TOLERANCE)


def test_the_logits_of_vars_sd_hang_on_the_sign_of_one_code_that_is_zero_to_rounding(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sgn(v)·GELU(|v| − t) jumps at v = 0. At the last step of block 0.3 one v is 1.3e-6, below what float32 sums of
    its size resolve, and the reference values have it on the other side. In float64, where the sign does not depend on
    the machine, giving this code the other sign meets the reference.
    """
    golden = Golden(shared / "golden", "vars_sd")
    path = save(golden, tmp_path / "weights.safetensors")
    images = golden.images.double()
    assert TOLERANCE < deviations(trace_of(golden, "vars_sd", path, images), golden)["logits"] < 1.1 * TOLERANCE

    block, forward_and_gap, start_and_steps = 3, 2, 4
    place = [(block * forward_and_gap + run) * start_and_steps + 3 for run in range(forward_and_gap)]
    seen = []

    def other_sign(v: Tensor, threshold: Tensor | float) -> Tensor:
        if len(seen) in place:
            nearest = v.abs().argmin()
            v = v.clone()
            v.view(-1)[nearest] *= -1
            assert v.view(-1)[nearest].abs() < 2e-6
        seen.append(None)
        return gelu_threshold(v, threshold)

    monkeypatch.setattr(vars_core.solver, "gelu_threshold", other_sign)
    found = deviations(trace_of(golden, "vars_sd", path, images), golden)
    assert {key: error for key, error in found.items() if error > 0.7 * TOLERANCE} == {}


@pytest.mark.parametrize("mixer", ["vars_s", "vars_d", "vars_sd"])
def test_the_compared_codes_are_not_all_zero(mixer: str, shared: Path) -> None:
    values = Golden(shared / "golden", mixer).values
    codes = [array for key, array in values.items() if key.startswith("code.")]
    assert len(codes) == 4
    assert all((np.abs(array) > 1e-3).mean() > 0.05 for array in codes)
