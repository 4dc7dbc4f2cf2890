"""`python -m analysis ablation`: four evaluations under every T and λ, on the evaluation frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analysis.__main__ import app
from analysis.ablation import Point, Setting, resolved, settings
from analysis.evaluations.suites import class_ids
from analysis.paper_figures.ablation import axes, bounds
from analysis.runs import Run, read_summary
from tests.fixations.made import made_rows, make_table
from tests.made import write_image
from tests.segmentation.made import make_voc
from vars_core import Backend, load_model
from vars_core.errors import InputError
from vars_core.images import decode_image

WEIGHTS = "assets/weights/rvt_nano_vars_d.safetensors"
ASKED = ("--model", "rvt_nano/vars_d", "--model", "rvt_nano/self", "--steps", "0,3,5", "--lam", "0.5,1")
SETTINGS = [(3, 1.0), (0, 1.0), (5, 1.0), (3, 0.5)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled images, fixations and masks: a few made ones of each."""
    root = tmp_path_factory.mktemp("data")
    ids = class_ids(200) or ()
    for at in range(3):
        write_image(root / "labelled" / ids[at] / f"{at}.png", at, (40, 56))
    make_table(root / "looked", made_rows(3), 3)
    make_voc(root / "masked", 2)
    return root


def run(data: Path, out: Path, *more: str) -> Result:
    folders = ("--labels", "labelled"), ("--fixations", "looked"), ("--masks", "masked")
    asked = [word for option, name in folders for word in (option, str(data / name))]
    few = ["--corrupted", "2", "--names", "fog", "--batch-size", "4", "--device", "cpu"]
    return CliRunner().invoke(app, ["ablation", "--out", str(out), *ASKED, *asked, *few, *more])


@pytest.fixture(scope="module")
def done(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("runs") / "run"
    result = run(data, out, "--checkpoint", f"rvt_nano/vars_d@5={Path(WEIGHTS).resolve()}")
    assert result.exit_code == 0, result.output
    return out, result.stdout


def test_every_setting_has_every_metric_and_the_trained_one_stands_there_plainly_too(done: tuple[Path, str]) -> None:
    summary = read_summary(done[0])
    own = [entry for entry in summary if entry["model"] == "rvt_nano/vars_d"]
    names = {entry["metric"] for entry in own}
    assert names == {
        "clean", "corrupted_accuracy", "nss", "iou_pooled", "correlation", "trained_correlation", "milliseconds",
    }  # fmt: skip
    named = [(e["num_steps"], e["lam_factor"], e["trained"]) for e in own if e["metric"] == "nss" and "trained" in e]
    assert named == [(*s, s == (3, 1.0)) for s in SETTINGS] + [(5, 1.0, True)]
    plain = {entry["metric"]: entry["value"] for entry in own if "trained" not in entry}
    same = {e["metric"]: e["value"] for e in own if (e.get("num_steps"), e.get("lam_factor")) == (3, 1.0)}
    assert plain == same and plain["trained_correlation"] == pytest.approx(1)
    attention = [entry for entry in summary if entry["model"] == "rvt_nano/self"]
    assert {e["metric"] for e in attention} == names - {"trained_correlation"}
    assert {(e.get("num_steps"), e.get("trained")) for e in attention} == {(None, None), (None, True)}
    assert {"baseline:centre", "human"} <= {entry["model"] for entry in summary}


def test_a_value_is_what_its_evaluation_gives_of_the_model_solved_anew(data: Path, done: tuple[Path, str]) -> None:
    backend = resolved(Backend(load_model("rvt_nano/vars_d"), "cpu"), Setting(0))
    ids = class_ids(200) or ()
    images = [decode_image(data / "labelled" / ids[at] / f"{at}.png") for at in range(3)]
    found = backend.logits(backend.prepare(images, "center")[0]).argmax(1).tolist()
    rows = Run.read(done[0]).rows(["id", "model", "suite", "num_steps", "correct"]).to_pylist()
    correct = [
        r["correct"] for r in rows if r["suite"] == "clean" and (r["model"], r["num_steps"]) == (backend.name, 0)
    ]
    assert correct == [label == at for at, label in enumerate(found)]
    maps = [entry for entry in read_summary(done[0]) if entry.get("num_steps") == 0 and entry["metric"] == "nss"]
    assert maps[0]["iteration"] == 0, "T = 0 is the solver's start decoded"
    same = {(e["metric"], e["trained"]): e["value"] for e in read_summary(done[0]) if e.get("num_steps") == 5}
    for metric in ("clean", "nss", "iou_pooled", "correlation", "trained_correlation"):
        assert same[metric, True] == same[metric, False], "a checkpoint given for T = 5 is measured at T = 5"


def test_it_says_whose_weights_and_that_none_were_trained_again(done: tuple[Path, str]) -> None:
    out, printed = done
    assert "not trained again" in printed and "T = 0 is the solver's start decoded" in printed
    assert "3 photographs with fixations, 2 photographs with masks" in printed
    line = next(line for line in printed.splitlines() if line.startswith("| rvt_nano/vars_d | **3 (trained)** |"))
    assert line.count("|") == 10
    assert any(line.startswith("| rvt_nano/vars_d | **5 (trained)** |") for line in printed.splitlines())
    assert "not trained again" in (out / "report.html").read_text()
    assert "cost of an image, ms" in (out / "figure_6.svg").read_text() and (out / "figure_6.png").is_file()
    facts = Run.read(out).facts["models"]["rvt_nano/vars_d"]
    assert facts["trained"] == {"T = 5, λ × 1": facts["checkpoint"]}


def test_it_continues_where_it_was_interrupted(data: Path, done: tuple[Path, str]) -> None:
    out, printed = done
    part = sorted((out / "rows").iterdir())[1]
    kept = part.read_bytes()
    part.unlink()
    again = run(data, out, "--checkpoint", f"rvt_nano/vars_d@5={Path(WEIGHTS).resolve()}")
    assert again.exit_code == 0 and "4 images visited now" in again.stderr
    assert [x for x in printed.splitlines() if x[:1] != "|"] == [x for x in again.stdout.splitlines() if x[:1] != "|"]
    assert len(part.read_bytes()) == pytest.approx(len(kept), rel=0.1), "all but the seconds are the same"
    other = run(data, out, "--seed", "1")
    assert isinstance(other.exception, InputError) and "holds a run made with" in str(other.exception)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--steps", "0,x"], "expected --steps as numbers from 0 to 100"),
        (["--lam", "-1"], "expected --lam as multiples between 0 and 1000"),
        (["--labels", "nowhere"], "expected a folder of data for clean"),
        ([], "expected --labels, --fixations or --masks"),
        (["--checkpoint", "rvt_nano/vars_d@3=nowhere"], "expected --checkpoint SPEC@T=FILE"),
        (["--checkpoint", f"rvt_nano/vars_s@3={WEIGHTS}"], "expected --checkpoint for one of the models"),
    ],
)
def test_bad_questions_are_answered_with_a_sentence(tmp_path: Path, options: list[str], sentence: str) -> None:
    result = CliRunner().invoke(app, ["ablation", "--out", str(tmp_path), "--model", "rvt_nano/vars_d", *options])
    assert isinstance(result.exception, InputError) and sentence in str(result.exception)


def test_settings_are_every_t_and_every_lambda_the_trained_one_first() -> None:
    assert settings(3, (0, 3, 7), (0.5, 1.0)) == [Setting(3), Setting(0), Setting(7), Setting(3, 0.5)]


def test_an_axis_holds_what_it_does_not_show_as_trained() -> None:
    trained = {"m": Setting(3), "flat": None}
    points = [Point("m", setting, "nss", value) for setting, value in ((Setting(3), 1.0), (Setting(0), 0.5))]
    points += [Point("m", Setting(3, 2.0), "nss", 2.0), Point("flat", None, "nss", 0.1)]
    steps, lam = axes(points, trained)
    assert steps.ticks == (0, 3) and lam.ticks == (1.0, 2.0)
    assert steps.curves(points) == {"m": [(0, 0.5), (3, 1.0)], "flat": [(None, 0.1)]}
    assert lam.curves(points)["m"] == [(1.0, 1.0), (2.0, 2.0)]


@pytest.mark.parametrize("values", [[0.0], [5.0, 5.0], [-3.0, 12.0], [0.981, 0.999], [1e5, 2e5]])
def test_bounds_hold_all_values_and_are_never_empty(values: list[float]) -> None:
    low, high = bounds(values)
    assert low <= min(values) and high >= max(values) and high > low
