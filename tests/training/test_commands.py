"""The commands as a person runs them: training killed and resumed, two processes, release, evaluation, bad input."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from vars_core import create_model
from vars_core.checkpoints import read_checkpoint
from vars_core.command import command_line, portable, run_commands
from vars_core.training.__main__ import app
from vars_core.training.checkpoint import read_training_state
from vars_core.training.draws import seed_of
from vars_core.training.evaluate import app as evaluate_app
from vars_core.training.export import app as export_app
from vars_core.training.run import BEST, LAST

from .conftest import CLASSES, picture

ROOT = Path(__file__).resolve().parents[2]
IN_DOUBLE = "tests.training.in_double"
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    """The command sets torch's threads for its process, which here is the tests'."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def arguments(made_data: Path, out: Path, *more: str) -> list[str]:
    return [
        *("--data", str(made_data), "--out", str(out), "--cache", str(made_data / "cache"), "--cache-size", "32"),
        *("--threads", "1", "--device", "cpu", *more),
    ]


def invoke(*args: str) -> str:
    """Run the training command in this process; returns what it printed."""
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    return result.output


def weights(run: Path) -> dict[str, torch.Tensor]:
    state = read_training_state(run / LAST)
    return {f"{part}.{key}": value for part in ("model", "live") for key, value in state[part].items()}


@pytest.mark.timeout(900)  # several interpreters start: slow where the cores are shared
def test_a_killed_and_resumed_run_ends_with_identical_weights(made_data: Path, tmp_path: Path) -> None:
    """Both runs go through two image sizes; the kill (-9) comes wherever it comes before the end."""
    model = ("--model", "rvt_nano/vars_sd", "--stages", "1x32@16,1x48@16")
    killed = arguments(made_data, tmp_path / "killed", *model, "--save-minutes", "0")
    process = subprocess.Popen(
        [sys.executable, "-m", "vars_core.training", *killed], cwd=ROOT, env=ONE_THREAD, stdout=subprocess.DEVNULL
    )
    checkpoint = tmp_path / "killed" / LAST
    deadline = time.monotonic() + 400
    while not (checkpoint.exists() and _update(checkpoint) >= 3) and process.poll() is None:
        assert time.monotonic() < deadline, "the run wrote no checkpoint in time"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 3 <= _update(checkpoint) < 12
    invoke(*killed, "--resume")
    invoke(*arguments(made_data, tmp_path / "straight", *model))
    first, second = weights(tmp_path / "straight"), weights(tmp_path / "killed")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert len(read_training_state(checkpoint)["facts"]["commands"]) == 2
    with (tmp_path / "killed" / "epochs.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1"]


def _update(checkpoint: Path) -> int:
    return int(read_training_state(checkpoint)["progress"]["update"])


@pytest.mark.timeout(900)  # several interpreters start: slow where the cores are shared
def test_two_processes_agree_with_one_at_the_same_global_batch(made_data: Path, tmp_path: Path) -> None:
    """Ten steps of VARS-S (BatchNorm in every block) with AdamW, mixup and CutMix, in double precision.

    A step of AdamW has its full size even where a gradient is rounding alone: in single precision rounding parts the
    weights of two runs that agree.
    """
    model = ("--model", "rvt_nano/vars_s", "--stages", "1x32@8", "--epoch-images", "80", "--precision", "fp32")
    options = (*model, "--mixup", "0.8", "--cutmix", "1", "--warmup-epochs", "0", "--lr", "0.002")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    alone = ["-m", IN_DOUBLE]
    paired = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", port, "-m", IN_DOUBLE]
    runs = [
        subprocess.Popen(
            [sys.executable, *launch, *arguments(made_data, tmp_path / name, *options)],
            cwd=ROOT,
            env=ONE_THREAD,
            stdout=subprocess.DEVNULL,
        )
        for name, launch in (("one", alone), ("two", paired))
    ]
    assert [run.wait(400) for run in runs] == [0, 0]
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert read_training_state(tmp_path / "two" / LAST)["progress"]["update"] == 10
    assert one.keys() == two.keys()
    for key in one:
        torch.testing.assert_close(two[key], one[key], rtol=1e-9, atol=1e-9, msg=key)
    assert {value.dtype for value in one.values()} == {torch.float64, torch.int64}
    torch.manual_seed(seed_of(0, 0))
    start = dict(create_model("rvt_nano/vars_s", num_classes=CLASSES, image_size=32).named_parameters())
    moved = [float((one[f"live.{name}"] - parameter.detach()).abs().max()) for name, parameter in start.items()]
    assert statistics.median(moved) > 5e-4, "ten steps move the weights far further than the runs may differ"
    reports = [read_training_state(tmp_path / name / LAST)["history"][-1] for name in ("one", "two")]
    assert reports[0]["val_count"] == reports[1]["val_count"] == 24
    assert reports[0]["loss"] == pytest.approx(reports[1]["loss"], abs=1e-6)
    assert reports[0]["val_loss"] == pytest.approx(reports[1]["val_loss"], abs=1e-6)


def test_the_papers_preset_runs_from_files_and_fine_tunes_from_another_runs_weights(
    made_data: Path, tmp_path: Path
) -> None:
    """RandAugment, mixup, CutMix, erasing, repeated augmentation, stochastic depth, EMA: all on, for two steps."""
    model = ("--model", "rvt_nano/vars_d", "--stages", "1x32@8", "--epoch-images", "16")
    paper = (*model, "--preset", "imagenet", "--workers", "0")
    invoke(*arguments(made_data, tmp_path / "first", *paper))
    state = read_training_state(tmp_path / "first" / LAST)
    assert state["recipe"]["augmentation"]["repeats"] == 3 and state["progress"]["update"] == 2
    init = ("--init", str(tmp_path / "first" / LAST), "--num-classes", "7", "--warmup-epochs", "0", "--lr", "1e-5")
    invoke(*arguments(made_data, tmp_path / "second", *model, *init))
    tuned = read_training_state(tmp_path / "second" / LAST)
    assert tuned["live"]["head.linear.weight"].shape[0] == 7
    name = "stages.0.0.mixer.projection.weight"
    torch.testing.assert_close(tuned["live"][name], state["model"][name], rtol=0, atol=1e-4)


def test_class_folders_are_joined_with_a_part_of_each_held_out(tmp_path: Path) -> None:
    """As for domain generalisation: train on some domains, choose the checkpoint on a held-out part of the same."""
    generator = np.random.default_rng(0)
    for domain in ("photo", "art"):
        for label in range(2):
            for index in range(10):
                file = tmp_path / domain / f"class{label}" / f"{index}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(picture(label, generator))
    out = tmp_path / "run"
    model = ("--model", "rvt_nano/performer", "--stages", "2x32@8", "--held-out", "0.2", "--keep-best")
    invoke(*arguments(tmp_path / "photo", out, *model, "--data", str(tmp_path / "art")), "--cache", str(tmp_path / "c"))
    state = read_training_state(out / BEST)
    assert state["facts"]["train_count"] == 32 and state["facts"]["val_count"] == 8
    assert state["facts"]["classes"] == ["class0", "class1"] and state["num_classes"] == 2


def test_released_weights_carry_their_card_and_evaluate_to_what_it_says(made_data: Path, tmp_path: Path) -> None:
    """Two cycles: the second starts from the weights of the first."""
    run, more, out = (tmp_path / name for name in ("run", "more", "weights"))
    model = ("--model", "rvt_nano/performer", "--cutmix", "0")
    invoke(*arguments(made_data, run, *model, "--stages", "2x32@16", "--seed", "4"))
    invoke(*arguments(made_data, more, *model, "--stages", "1x32@16", "--seed", "5", "--init", str(run / LAST)))
    runs = ["--run", str(run), "--run", str(more)]
    result = CliRunner().invoke(export_app, [*runs, "--data", str(made_data), "--out", str(out)])
    assert result.exit_code == 0, result.output
    file = out / "rvt_nano_performer.safetensors"
    card = json.loads((out / "rvt_nano_performer.json").read_text())
    assert card["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert [cycle["seed"] for cycle in card["cycles"]] == [4, 5]
    assert [cycle["recipe"]["stages"][0]["epochs"] for cycle in card["cycles"]] == [2, 1]
    assert [cycle["images_seen"] for cycle in card["cycles"]] == [192, 96] and card["images_seen"] == 288
    assert card["cycles"][0]["recipe"]["name"] == "nano" and len(card["cycles"][0]["history"]) == 2
    assert card["data"]["train_images"] == 96 and card["evaluation"]["images"] == 24
    assert card["hours"] >= 0 and "cpu" in card["hardware"]
    assert [cycle["commands"] for cycle in card["cycles"]] == 2 * [[portable(command_line())]]
    text = (out / "rvt_nano_performer.md").read_text()
    assert card["sha256"] in text and f"{card['evaluation']['top1']:.2%}" in text
    assert {value.dtype for value in load_file(file).values() if value.is_floating_point()} == {torch.float16}
    stored = read_checkpoint(file)
    assert json.loads(stored.metadata["classes"]) == ["0", "1", "2", "3"]
    assert stored.metadata["images_seen"] == "288"
    options = ["--model", "rvt_nano/performer", "--checkpoint", str(file), "--data", str(made_data)]
    evaluated = CliRunner().invoke(evaluate_app, [*options, "--image-size", "32", "--device", "cpu"])
    facts = json.loads(evaluated.output)
    assert facts["sha256"] == card["sha256"] and facts["count"] == 24
    assert facts["top1"] == pytest.approx(card["evaluation"]["top1"])
    assert facts["top5"] == 1.0  # four classes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--preset", "imagnet"), "no recipe is called 'imagnet'; nearest: 'imagenet'"),
        (("--model", "rvt_nano/vars_x", "--stages", "1x32@16"), "unknown model 'rvt_nano/vars_x'"),
        (("--stages", "1x32"), "EPOCHSxSIZE@BATCH"),
        (("--stages", "1x32@4096"), "do not fill one batch"),
        (("--num-classes", "2", "--stages", "1x32@16"), "the data has 4 classes, a head of 2 was asked for"),
        (("--precision", "fp7"), "precision must be"),
        (("--device", "gpu", "--stages", "1x32@16"), "device 'gpu'"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    made_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_commands(lambda: app([*arguments(made_data, tmp_path / "run"), *options]))
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and said.startswith("error: ") and message in said
    assert "Traceback" not in said


def test_a_run_that_stops_before_its_first_checkpoint_says_so(made_data: Path, tmp_path: Path) -> None:
    """A loss that is no number at once, and a folder that cannot be made."""
    steep = ("--model", "rvt_nano/self", "--stages", "1x32@16", "--precision", "fp32", "--warmup-epochs", "0")
    result = CliRunner().invoke(app, [*arguments(made_data, tmp_path / "run", *steep), "--lr", "1e30"])
    assert result.exit_code == 3 and "nothing was saved yet" in result.output and LAST not in result.output
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(app, arguments(made_data, tmp_path / "file", *steep))
    assert result.exit_code == 4 and "nothing was saved yet" in result.output and LAST not in result.output


def test_an_earlier_run_is_not_overwritten_nor_continued_with_another_recipe(made_data: Path, tmp_path: Path) -> None:
    given = arguments(made_data, tmp_path / "run", "--model", "rvt_nano/self", "--stages", "1x32@16")
    invoke(*given)
    again = CliRunner().invoke(app, given)
    assert "continue with --resume or choose another folder" in str(again.exception)
    other = CliRunner().invoke(app, [*given, "--resume", "--lr", "0.1"])
    assert "was trained with recipe" in str(other.exception)
    steps = CliRunner().invoke(app, [*given, "--resume", "--num-steps", "1"])
    assert "was trained with options {}, now {'num_steps': 1}" in str(steps.exception)
    done = CliRunner().invoke(app, [*given, "--resume"])
    assert done.exit_code == 0
