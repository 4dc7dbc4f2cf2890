"""A new mixer: its own file, and a line of the table. Models, traces, sizes, training and the page find it there."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from analysis.commands.sizes import sizes
from app.inference.models import ModelShelf, title
from vars_core import READOUTS, Backend, create_model
from vars_core.mixers import MIXERS, Mixer, MixerKind
from vars_core.operators import LinearMixing
from vars_core.spec import parse_spec
from vars_core.tokens import Grid


class Pooling(Mixer):
    """Every token takes the mean of all values."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.value = nn.Linear(dim, dim)
        self.output = nn.Linear(dim, dim)

    def operator(self, x: Tensor, grid: Grid) -> tuple[LinearMixing, Tensor]:
        return LinearMixing(lambda v: v.mean(-2, keepdim=True).expand_as(v)), self.value(x).unsqueeze(1)


POOLING = MixerKind(
    "pooling",
    title="mean pooling",
    words="Every token takes the mean of all values: nothing is attended to.",
    build=lambda shape, _: Pooling(shape.dim),
    families=("rvt", "gfnet"),
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MIXERS, "pooling", POOLING)


def test_it_is_a_model_on_its_families_and_traced() -> None:
    torch.manual_seed(0)
    backend = Backend(create_model("rvt_nano/pooling", num_classes=10, image_size=64), device="cpu")
    batch = torch.randn(2, 3, 64, 64)
    trace = backend.trace(batch, READOUTS)
    assert torch.equal(trace.logits, backend.logits(batch))
    for layer in trace.layers:
        maps = layer.maps
        assert set(maps) == set(READOUTS) and layer.num_steps == 0
        expected = torch.full_like(maps["gap"], 1 / (layer.grid[0] * layer.grid[1]))
        torch.testing.assert_close(maps["gap"], expected)
    assert str(parse_spec("gfnet_tiny/pooling")) == "gfnet_tiny/pooling"
    with pytest.raises(ValueError, match="unknown model 'deit_tiny/pooling'"):
        parse_spec("deit_tiny/pooling")


def test_it_learns() -> None:
    torch.manual_seed(0)
    model = create_model("rvt_nano/pooling", num_classes=3, image_size=32).train()
    optimiser = torch.optim.AdamW(model.parameters(), 1e-3)
    images, labels = torch.randn(8, 3, 32, 32), torch.arange(8) % 3
    losses = []
    for _ in range(8):
        loss = nn.functional.cross_entropy(model(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_sizes_counts_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the frame, two projections of C² + C in each of its blocks: four of 128 channels, two of 256."""
    sizes(["rvt_nano/pooling", "rvt_nano/self"])
    pooling, attention = (line.split("|") for line in capsys.readouterr().out.splitlines()[2:])
    assert pooling[1].strip() == "rvt_nano/pooling"
    two_more = sum(depth * 2 * dim * (dim + 1) for depth, dim in ((4, 128), (2, 256)))
    assert float(attention[3]) - float(pooling[3]) == pytest.approx(two_more / 1e6, abs=0.011)


def test_the_page_offers_it_under_its_title() -> None:
    assert {"rvt_nano/pooling", "gfnet_tiny/pooling"} <= set(ModelShelf().names)
    assert title("rvt_nano/pooling") == "RVT-nano · mean pooling"
