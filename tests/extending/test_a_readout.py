"""A new readout: a function, and an entry of the table. Everything else finds it there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.__main__ import main
from analysis.commands.options import choose_readouts
from vars_core import Backend, InputError, TraceRecorder, create_model
from vars_core.readouts import READOUTS, Readout

from ..segmentation.made import make_voc


def peak(z: Tensor, v: Tensor) -> Tensor:
    """(B, H, N, d) -> (B, N)."""
    return z.abs().amax((1, 3))


PEAK = Readout(
    "peak",
    reads="z",
    reduce=peak,
    signed=False,
    title="Peak",
    words="The strongest single channel of what the layer answers at each token: max |z|.",
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(READOUTS, "peak", PEAK)


@pytest.fixture
def backend() -> Backend:
    torch.manual_seed(0)
    return Backend(create_model("rvt_nano/vars_d", num_classes=10, image_size=64), device="cpu")


def test_it_is_read_at_every_layer_and_iterate_and_for_every_head(backend: Backend) -> None:
    trace = backend.trace(torch.randn(2, 3, 64, 64), ("peak", "energy"), per_head=True)
    for layer in trace.layers:
        peaks, heads = layer.maps["peak"], layer.head_maps["peak"]
        assert peaks.shape == layer.maps["energy"].shape
        assert torch.equal(heads.amax(2), peaks)
        assert (peaks > 0).all() and (peaks <= layer.maps["energy"] * (1 + 1e-6)).all()


def test_it_is_listed(backend: Backend) -> None:
    assert choose_readouts(backend, ["peak"]) == ("peak",)
    assert "peak" in choose_readouts(backend, ["all"])
    with pytest.raises(InputError, match=r"expected one of .*peak"):
        TraceRecorder(("nothing",))


def test_an_evaluation_scores_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, out = make_voc(tmp_path / "voc", 2), tmp_path / "run"
    command = ["segmentation", "--data", data, "--out", out, "--model", "rvt_nano/vars_d", "--image-size", 64]
    monkeypatch.setattr("sys.argv", ["analysis", *map(str, command), "--readout", "peak"])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    values = [entry["value"] for entry in json.loads((out / "summary.json").read_text()) if entry["readout"] == "peak"]
    assert values and all(np.isfinite(values))
    assert "peak" in (out / "report.html").read_text()
