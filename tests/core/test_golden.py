"""The released models' arithmetic, array by array: 1e-4 relative to each array's largest magnitude (SPEC §3)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

import vars_core.solver
from tests.core.golden import FILES, Golden, deviations, save, trace_of
from tests.core.golden_kernels import ENVIRONMENT, FINGERPRINT
from vars_core.solver import gelu_threshold

TOLERANCE = 1e-4
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("mixer", FILES)
def test_a_file_laid_out_like_the_released_ones_gives_the_authors_numbers(
    mixer: str, suffix: str, shared: Path, tmp_path: Path
) -> None:
    golden = Golden(shared / "golden", mixer)
    path = save(golden, tmp_path / f"weights{suffix}")
    found = deviations(trace_of(golden, path, golden.images), golden)
    logits = found.pop("logits")
    assert len(found) > 20
    assert {key: error for key, error in found.items() if error > TOLERANCE} == {}
    # Of vars_sd one code that is zero to rounding decides between 1.07e-4 and bit-equality: see the next two tests.
    assert logits <= (2 * TOLERANCE if mixer == "vars_sd" else TOLERANCE)


def test_with_the_kernels_of_the_fixtures_every_array_agrees_and_logits_do_bit_for_bit(shared: Path) -> None:
    """Float32 sums round by the processor's kernels; the same operations on the same kernels give the same bits."""
    command = [sys.executable, "-m", "tests.core.golden_kernels", str(shared / "golden")]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    if report["fingerprint"] != FINGERPRINT:
        pytest.skip(f"this processor has no kernels that round like the fixtures': fingerprint {report['fingerprint']}")
    errors = {
        f"{mixer}{suffix} {key}": error
        for mixer in FILES
        for suffix in (".pth", ".safetensors")
        for key, error in report["deviations"][mixer][suffix].items()
    }
    assert {key: error for key, error in errors.items() if error > 0.1 * TOLERANCE} == {}
    exact = [error for key, error in errors.items() if key.startswith(("vars_d", "vars_sd")) and key.endswith("logits")]
    assert exact == [0, 0, 0, 0]


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
    assert TOLERANCE < deviations(trace_of(golden, path, images), golden)["logits"] < 1.1 * TOLERANCE

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
    found = deviations(trace_of(golden, path, images), golden)
    assert {key: error for key, error in found.items() if error > 0.7 * TOLERANCE} == {}


@pytest.mark.parametrize("mixer", ["vars_s", "vars_d", "vars_sd"])
def test_the_compared_codes_are_not_all_zero(mixer: str, shared: Path) -> None:
    values = Golden(shared / "golden", mixer).values
    codes = [array for key, array in values.items() if key.startswith("code.")]
    assert len(codes) == 4
    assert all((np.abs(array) > 1e-3).mean() > 0.05 for array in codes)
