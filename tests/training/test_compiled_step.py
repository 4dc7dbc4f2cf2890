"""Training under torch.compile on the CPU: a step of every mixer has the loss that the eager step has."""

from __future__ import annotations

import copy
import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from vars_core import create_model
from vars_core.models import rvt
from vars_core.spec import mixers_of
from vars_core.training.checkpoint import read_training_state
from vars_core.training.run import LAST

TWO_BLOCKS = {"depths": (1, 1), "heads": (1, 2)}
"""Of `rvt_nano`: a block of each stage. Compiling takes its time by the block; the other four are like these two."""

TRAINING = f"""
import dataclasses
from vars_core.models import rvt
rvt.RVT_CONFIGS["rvt_nano"] = dataclasses.replace(rvt.RVT_CONFIGS["rvt_nano"], **{TWO_BLOCKS})
from vars_core.training.__main__ import app
app()
"""

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60
"""Seconds that compiling may take here; a machine, or a mixer, that needs longer skips."""


def loss_of_a_step(data: Path, out: Path, mixer: str, *more: str, seconds: float | None = None) -> float:
    """The training loss of one update of 8 pictures at 32 px, float32, in a process of its own."""
    arguments = ["--data", str(data), "--out", str(out), "--cache", str(data / "cache"), "--cache-size", "32"]
    recipe = ["--stages", "1x32@8", "--epoch-images", "8", "--precision", "fp32", "--threads", "1", "--device", "cpu"]
    subprocess.run(
        [sys.executable, "-c", TRAINING, "--model", f"rvt_nano/{mixer}", *arguments, *recipe, *more],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=seconds,
    )
    state = read_training_state(out / LAST)
    assert state["progress"]["update"] == 1
    return float(state["history"][-1]["loss"])


@pytest.fixture(scope="module")
def too_slow() -> list[str]:
    """The mixers whose compiling ran out of patience: where one did, the others are not tried."""
    return []


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on the CPU")
@pytest.mark.parametrize("mixer", sorted(mixers_of("rvt_nano"), key=lambda name: name == "vars_s"))  # the slowest last
def test_a_compiled_step_has_the_loss_of_the_eager_one(
    made_data: Path, tmp_path: Path, mixer: str, too_slow: list[str]
) -> None:
    reason = f"compiling a training step takes more than {PATIENCE} s here"
    if too_slow:
        pytest.skip(f"{reason}, as {too_slow[0]} showed")
    try:
        compiled = loss_of_a_step(made_data, tmp_path / "compiled", mixer, "--compile", seconds=PATIENCE)
    except subprocess.TimeoutExpired:
        too_slow.append(mixer)
        pytest.skip(f"{reason}: {mixer}")
    assert compiled == pytest.approx(loss_of_a_step(made_data, tmp_path / "eager", mixer), abs=1e-4)


@pytest.mark.parametrize("mixer", mixers_of("rvt_nano"))
def test_gradients_through_the_compilers_graph_are_those_of_the_eager_step(
    mixer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The graph that torch.compile takes of forward and backward, without the generated code."""
    nano = dataclasses.replace(rvt.RVT_CONFIGS["rvt_nano"], **TWO_BLOCKS)
    monkeypatch.setitem(rvt.RVT_CONFIGS, "rvt_nano", nano)
    torch.manual_seed(0)
    eager = create_model(f"rvt_nano/{mixer}", num_classes=4, image_size=32).double().train()
    traced = copy.deepcopy(eager)
    images, labels = torch.randn(4, 3, 32, 32, dtype=torch.float64), torch.arange(4)
    F.cross_entropy(eager(images), labels).backward()
    F.cross_entropy(torch.compile(traced, backend="aot_eager")(images), labels).backward()
    for (name, one), (_, other) in zip(eager.named_parameters(), traced.named_parameters(), strict=True):
        assert one.grad is not None and other.grad is not None, name
        torch.testing.assert_close(other.grad, one.grad, rtol=1e-5, atol=1e-8, msg=name)
