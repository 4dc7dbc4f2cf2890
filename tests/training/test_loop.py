"""A run as a whole: it learns, continues exactly, changes size, stops on bad numbers and keeps what was good."""

from __future__ import annotations

import csv
import dataclasses
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from vars_core import create_model
from vars_core.checkpoints import load_checkpoint
from vars_core.data.image_parquet import ParquetImages
from vars_core.errors import InputError
from vars_core.mixers.spectral import StaticDictionary
from vars_core.training import parts
from vars_core.training.checkpoint import read_training_state, write_training_state
from vars_core.training.data import decoded
from vars_core.training.distributed import World
from vars_core.training.feed import ArrayFeed
from vars_core.training.initial import start_from
from vars_core.training.loop import train
from vars_core.training.recipe import PRESETS, Recipe, Stage
from vars_core.training.request import Request
from vars_core.training.run import BEST, LAST, Diverged, TrainingRun

from .conftest import CLASSES

NANO = PRESETS["nano"]

SHORT = dataclasses.replace(NANO, stages=(Stage(1, 32, 16), Stage(1, 48, 16)), warmup_epochs=0, precision="fp32")


@dataclasses.dataclass(frozen=True)
class PoisonedFeed(ArrayFeed):
    """Another feed whose pictures turn to NaN at one (epoch, step)."""

    at: tuple[int, int] = (-1, -1)

    def training(self, epoch: int, first_step: int) -> Iterator[tuple[Tensor, Tensor]]:
        for step, (pixels, labels) in enumerate(super().training(epoch, first_step), first_step):
            yield pixels * float("nan") if (epoch, step) == self.at else pixels, labels


@pytest.fixture
def make(made_data: Path, tmp_path: Path) -> Any:
    """``make(model, recipe, ...)`` gives a request and its feed on the made data."""
    cache = made_data / "cache"
    halves = [ParquetImages(sorted(made_data.glob(f"{name}*.parquet"))) for name in ("train", "val")]
    arrays = [decoded(half, cache, 32) for half in halves]

    def made(model: str = "rvt_nano/vars_d", recipe: Recipe = SHORT, **options: Any) -> tuple[Request, ArrayFeed]:
        request = Request(data=(), recipe=recipe, model=model, **({"out": tmp_path / "run"} | options))
        feed = ArrayFeed(arrays[0], arrays[1], recipe, request.seed, torch.device("cpu"), halves[0].fingerprint)
        return request, feed

    return made


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_a_run_learns_changes_size_and_leaves_its_tables_and_weights(make: Any) -> None:
    request, feed = make("rvt_nano/vars_sd", keep_best=True)  # its static atoms belong to a grid: 4 × 4, then 6 × 6
    run = train(request, feed)
    assert run.model.image_size == 48
    assert (run.progress.epoch, run.progress.update, run.progress.images) == (2, 12, 192)
    with (request.out / "epochs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image_size"] for row in rows] == ["32", "48"]
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])
    assert run.history[-1]["top1"] > 0.5  # chance is 0.25
    assert run.history[-1]["val_count"] == 24
    best = max(row["top1"] for row in run.history if row["image_size"] == 48)  # of those at the model's own size
    assert read_training_state(request.out / BEST)["history"][-1]["top1"] == best
    loaded = create_model("rvt_nano/vars_sd", num_classes=CLASSES, image_size=48)
    load_checkpoint(loaded, request.out / LAST)
    assert same(loaded.state_dict(), run.ema.module.state_dict())


def test_a_loss_that_is_read_late_still_names_its_own_step(make: Any) -> None:
    """On an accelerator losses are read every now and then; here the steps are taken first and settled afterwards."""
    request, feed = make("rvt_nano/performer")
    run = TrainingRun(request, feed, World())
    rates = []
    for batch in PoisonedFeed(**vars(feed), at=(0, 1)).training(0, 0):
        run.step(*batch)
        rates.append(run.learning_rate)
    with pytest.raises(Diverged, match=rf"at update 1 \(epoch 0, step 1\) with learning rate {rates[1]:.3g};"):
        run.settle()


def test_moments_are_kept_where_shapes_agree_and_begin_anew_elsewhere(make: Any) -> None:
    request, feed = make("rvt_nano/vars_sd")
    run = TrainingRun(request, feed, World())
    run.step(*next(feed.training(0, 0)))
    before: dict[str, Any] = {name: run.optimiser.state[p]["exp_avg"] for name, p in run.model.named_parameters()}
    run.enter(1)
    after: dict[str, Any] = {name: run.optimiser.state.get(p) for name, p in run.model.named_parameters()}
    gridded = {name for name in before if name.endswith("static_atoms")}
    assert gridded and all(not after[name] for name in gridded)
    for name in before.keys() - gridded:
        assert torch.equal(after[name]["exp_avg"], before[name])


def test_a_nan_loss_stops_the_run_names_step_and_rate_and_keeps_the_last_good_checkpoint(make: Any) -> None:
    request, feed = make()
    with pytest.raises(
        Diverged,
        match=r"the loss became nan at update 8 \(epoch 1, step 2\) with learning rate 0.000101; the last good",
    ):
        train(request, PoisonedFeed(**vars(feed), at=(1, 2)))
    kept = read_training_state(request.out / LAST)
    assert kept["progress"]["epoch"] == 1
    assert all(value.isfinite().all() for part in ("model", "live") for value in kept[part].values())
    resumed = train(request, feed, resume=kept)
    assert resumed.progress.epoch == 2


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Writes beyond ``size`` bytes fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_previous_checkpoint_intact(tmp_path: Path) -> None:
    path = tmp_path / LAST
    state: dict[str, Any] = {"format": "vars-training-1", "weights": torch.arange(100_000)}
    write_training_state(state, path)
    before = path.read_bytes()
    with files_no_larger_than(50_000), pytest.raises(OSError, match="could not write"):
        write_training_state(state | {"weights": torch.zeros(100_000)}, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [LAST]
    assert torch.equal(read_training_state(path)["weights"], state["weights"])


def test_training_goes_on_after_a_failed_checkpoint_and_fails_only_when_the_last_cannot_be_written(
    make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    request, feed = make("rvt_nano/performer")
    with files_no_larger_than(1_000_000), pytest.raises(OSError, match="could not write"):
        train(request, feed)
    assert "training goes on, the previous checkpoint is intact" in caplog.text
    assert not (request.out / LAST).exists()


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"nothing of the kind")
    torch.save({"model": {}}, tmp_path / "b.pt")
    for name in ("a.pt", "b.pt", "c.pt"):
        with pytest.raises(InputError):
            read_training_state(tmp_path / name)


def test_other_pictures_are_refused_on_resume(make: Any) -> None:
    request, feed = make()
    state = TrainingRun(request, feed, World()).state()
    with pytest.raises(InputError, match="differ from those the checkpoint was trained on"):
        train(request, dataclasses.replace(feed, fingerprint="others"), resume=state)


def test_fine_tuning_with_another_head_keeps_the_rest_and_says_so(
    make: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    request, feed = make("rvt_nano/vars_d")
    state = TrainingRun(request, feed, World()).state()
    write_training_state(state, tmp_path / "source.pt")
    model: Any = create_model("rvt_nano/vars_d", num_classes=7, image_size=32)
    head = model.head.linear.weight.clone()
    with caplog.at_level("WARNING"):
        fresh = start_from(model, tmp_path / "source.pt")
    assert fresh == ["head.linear.weight", "head.linear.bias"]
    assert "the head is initialised anew" in caplog.text and "head.linear.weight" in caplog.text
    assert torch.equal(model.head.linear.weight, head)
    body = {k: v for k, v in model.state_dict().items() if k not in fresh}
    assert same(body, {k: v for k, v in state["model"].items() if k not in fresh})


def test_fine_tuning_another_network_is_refused_with_the_keys(make: Any, tmp_path: Path) -> None:
    request, feed = make("rvt_nano/vars_d")
    write_training_state(TrainingRun(request, feed, World()).state(), tmp_path / "source.pt")
    with pytest.raises(InputError, match=r"unexpected: 24 keys.*wrong shape: stages"):
        start_from(create_model("rvt_nano/self", num_classes=7, image_size=32), tmp_path / "source.pt")


def dense_bound(module: StaticDictionary) -> Tensor:
    """L by definition: the largest eigenvalue of the matrix of u ↦ PᵀPu, column by column, for each channel."""
    height, width = grid = module.spectrum.grid
    dictionary = module(grid)
    channels, kernels = module.spectrum.weight.shape[:2]
    size = kernels * height * width
    basis = torch.eye(size).view(size, 1, kernels, height, width).expand(-1, channels, -1, -1, -1)
    columns = dictionary.gram(dictionary.combine(basis)).flatten(2)  # (size, C, size)
    matrices = columns.permute(1, 2, 0).double()
    return torch.linalg.eigvals(matrices).real.amax(1)


def test_the_bound_of_vars_s_stays_correct_while_training(make: Any) -> None:
    recipe = dataclasses.replace(SHORT, stages=(Stage(3, 32, 16),), bound_every=1, bound_weight=0.5, learning_rate=0.1)
    request, feed = make("rvt_nano/vars_s", recipe)
    run = TrainingRun(request, feed, World())
    modules = [m for m in run.model.modules() if isinstance(m, StaticDictionary)]
    start = torch.cat([m.bound.clone() for m in modules])
    for epoch in range(3):
        for batch in feed.training(epoch, 0):
            run.step(*batch)
    stored = torch.cat([m.bound for m in modules])
    with torch.no_grad():
        direct = torch.cat([dense_bound(m) for m in modules])
    assert ((direct - start) / start).abs().max() > 0.1  # it has something to follow
    torch.testing.assert_close(stored.double(), direct, rtol=0.03, atol=0)
    parts.refresh_bounds(run.model, 1.0)
    torch.testing.assert_close(torch.cat([m.bound for m in modules]).double(), direct, rtol=1e-4, atol=0)
