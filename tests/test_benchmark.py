"""``python -m analysis benchmark``: how the comparisons are run and summed up, not how fast anything is."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import pytest
import torch

from analysis.benchmark import interleaved, ratio, spread
from analysis.commands.benchmark import benchmark
from analysis.released import released_model
from analysis.speed_tables import exactness, kind_of
from vars_core.errors import InputError
from vars_core.models.base import VisionModel
from vars_core.registry import create_model


def test_calls_run_in_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []
    ticks = itertools.count()
    seconds = interleaved(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3, clock=lambda: float(next(ticks))
    )
    assert "".join(order) == "ab" + "ba" + "ab" + "ba"
    assert seconds == {"a": [1.0] * 3, "b": [1.0] * 3}


def test_a_slow_round_leaves_the_ratio_alone() -> None:
    assert ratio([2.0, 20.0, 2.0], [1.0, 10.0, 1.0]) == spread([2.0])


def test_the_spread_is_median_and_quartiles() -> None:
    assert str(spread([1.0, 2.0, 3.0, 4.0, 100.0])) == "3.00 [2.00, 4.00]"


def test_the_command_prints_its_tables_and_writes_their_numbers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    models = ["rvt_nano/vars_s", "rvt_nano/vars_d"]
    threads = torch.get_num_threads()
    try:
        benchmark(models, [1], rounds=1, reference_rounds=1, image_size="64", json_file=tmp_path / "speed.json")
    finally:
        torch.set_num_threads(threads)
    lines = capsys.readouterr().out.splitlines()
    assert torch.__version__ in lines[0] and "1 thread" in lines[0] and "64 px" in lines[0]
    written = json.loads((tmp_path / "speed.json").read_text())
    names = ["formulas", "throughput", "tracing", "readouts", "limit", "profile"]
    assert list(written["tables"]) == names and written["peak_memory_bytes"] > 10**7
    for name in names:
        assert [record["model"] for record in written["tables"][name]] == models
    assert sum(line.startswith("| rvt_nano/vars_d |") for line in lines) == len(names)
    assert all(0 < record["of_limit"] < 10 for record in written["tables"]["limit"])
    assert all(abs(sum(record["share"].values()) - 1) < 1e-9 for record in written["tables"]["profile"])
    assert all(rate > 0 for record in written["tables"]["throughput"] for rate in record["images_per_second"].values())


def test_operations_are_told_apart_by_what_they_do() -> None:
    names = (
        "mkldnn::_linear_pointwise",
        "aten::addmm",
        "aten::mkldnn_convolution",
        "aten::gelu",
        "aten::copy_",
        "aten::add",
        "aten::addcmul",
        "compiled::reconstruct",
    )
    assert [kind_of(name) for name in names] == [
        "matrix products",
        "matrix products",
        "convolutions",
        "activations and norms",
        "copies",
        "other",
        "other",
        "compiled loops",
    ]


def test_a_folder_without_the_authors_code_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no config\.py, vars_block\.py, robust_models\.py"):
        benchmark(["rvt_tiny/self"], released=tmp_path)


MODULES = {
    "config": "config = {}",
    "vars_block": "from einops import rearrange",
    "robust_models": """
import torch
from einops import rearrange
from config import config
import vars_block
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.asked = dict(config)
    def forward(self, x):
        tokens = rearrange(x, "b c h w -> b (h w) c")
        return rearrange(tokens, "b (h w) c -> b c h w", h=x.shape[2], w=x.shape[3])
def rvt_tiny(pretrained, **kwargs):
    return Net()
""",
}


def test_the_authors_code_is_imported_with_its_settings_and_leaves_no_module_behind(tmp_path: Path) -> None:
    for name, code in MODULES.items():
        (tmp_path / f"{name}.py").write_text(code)
    before = set(sys.modules), list(sys.path)
    model = released_model(tmp_path, "performer", 10)
    assert model.asked == {"attention": "perf", "num_step": 3, "lam": 0.3, "rand_feat_dim_ratio": 2}
    images = torch.randn(2, 3, 4, 5)
    assert torch.equal(model(images), images)
    assert not {"config", "vars_block", "robust_models", "einops"} & (set(sys.modules) - before[0])
    assert sys.path == before[1]


class Off(torch.nn.Module):
    """A model whose first image's first logit is a hundredth too large in single precision."""

    def __init__(self, model: VisionModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(images)
        if images.dtype == torch.float32:
            logits[0, 0] += 0.01 * logits.abs().max()
        return logits


def test_each_precision_is_held_against_the_authors_double(monkeypatch: pytest.MonkeyPatch) -> None:
    model = create_model("rvt_nano/vars_d", num_classes=7, image_size=56).eval()
    monkeypatch.setattr("analysis.speed_tables.released_model", lambda *_: Off(model))
    monkeypatch.setattr("analysis.speed_tables.same_weights", lambda *_: model)
    found = exactness(Path(), ["vars_d"], 3).records[0]
    beyond = {name: [distance > 1e-4 for distance in found[name]] for name in found if " " in name}
    assert beyond == {
        "ours to theirs": [True, False, False],
        "ours to exact": [False, False, False],
        "theirs to exact": [True, False, False],
        "both in double": [False, False, False],
    }
    assert max(found["both in double"]) == 0 < max(found["ours to exact"]) < 1e-5


def test_an_unknown_model_is_one_sentence() -> None:
    with pytest.raises(InputError, match="nearest"):
        benchmark(["rvt_nano/vars_x"])
