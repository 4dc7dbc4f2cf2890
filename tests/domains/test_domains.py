"""Domain generalisation: which pictures are trained on, chosen by and tested on; the run, its resume, its table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.evaluations.domain_table import domain_lines
from analysis.evaluations.domains import SCHEMA, fine_tunings, summarise
from analysis.runs import Run, read_summary
from tests.training.conftest import picture
from vars_core.data.domains import open_domains
from vars_core.errors import InputError

DOMAINS = ("cartoon", "photo", "sketch")


def make_domains(root: Path, each: int = 5, domains: tuple[str, ...] = DOMAINS) -> Path:
    """Two classes that colour tells apart in every domain; each domain its own noise."""
    for number, domain in enumerate(domains):
        generator = np.random.default_rng(number)
        for label, name in enumerate(("dog", "horse")):
            for index in range(each):
                file = root / domain / name / f"{index}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(picture(3 * label, generator))
    return root


def write_splits(root: Path, domain: str, train: int, crossval: int, each: int = 5) -> None:
    """Split files as PACS has them: paths from the root and a number from 1; the first ``train`` are trained on."""
    parts: dict[str, list[str]] = {"train": [], "crossval": [], "test": []}
    for label, name in enumerate(("dog", "horse"), 1):
        for index in range(each):
            line = f"{domain}/{name}/{index}.png {label}"
            parts["test"].append(line)
            if index < train:
                parts["train"].append(line)
            elif index < train + crossval:
                parts["crossval"].append(line)
    folder = root / "splits"
    folder.mkdir(exist_ok=True)
    for part, lines in parts.items():
        (folder / f"{domain}_{part}_kfold.txt").write_text("\n".join(lines) + "\n")


def command(root: Path, out: Path, *more: str) -> list[str]:
    recipe = ("--stages", "2x32@8", "--epoch-images", "8", "--precision", "fp32", "--warmup-epochs", "0")
    places = ("--data", str(root), "--out", str(out), "--cache", str(root.parent / "cache"), "--cache-size", "32")
    return ["domains", *places, *recipe, "--device", "cpu", "--seeds", "1", *more]


def test_every_domain_is_read_over_the_same_classes_and_junk_is_none(tmp_path: Path) -> None:
    root = make_domains(tmp_path / "made")
    (root / ".ipynb_checkpoints" / "dog").mkdir(parents=True)
    opened = open_domains(root)
    assert [domain.name for domain in opened] == list(DOMAINS)
    assert all(domain.images.classes == ("dog", "horse") and len(domain.target()) == 10 for domain in opened)


@given(seed=st.integers(0, 50), held_out=st.floats(0.1, 0.6))
@settings(deadline=None, max_examples=30)
def test_a_source_domain_is_split_within_every_class_and_nothing_is_in_both_halves(
    made: Path, seed: int, held_out: float
) -> None:
    for domain in open_domains(made):
        kept, held = domain.source(held_out, seed)
        names = [{half.name(i) for i in range(len(half))} for half in (kept, held)]
        assert not names[0] & names[1] and len(names[0] | names[1]) == len(domain.images)
        counts = np.bincount(held.labels, minlength=2)
        assert (abs(counts - held_out * 5) <= 1).all() and (counts >= 1).all()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_domains(tmp_path_factory.mktemp("domains") / "made")


def test_the_official_split_files_are_used_where_they_are_present(tmp_path: Path) -> None:
    root = make_domains(tmp_path)
    for domain in DOMAINS:
        write_splits(root, domain, train=3, crossval=1)
    first = open_domains(root)[0]
    kept, held = first.source(0.2, seed=0)
    assert [kept.name(i) for i in range(len(kept))] == [f"{c}/{i}.png" for c in ("dog", "horse") for i in range(3)]
    assert [held.name(i) for i in range(len(held))] == ["dog/3.png", "horse/3.png"]
    assert len(first.target()) == 10
    (root / "splits" / "photo_test_kfold.txt").unlink()
    with pytest.raises(InputError, match=r"all three split files of photo or none, there is no photo_test_kfold\.txt"):
        open_domains(root)
    write_splits(root, "photo", train=3, crossval=1)
    (root / "photo" / "dog" / "1.png").unlink()
    with pytest.raises(InputError, match=r"photo_train_kfold.txt names 6 pictures, 1 of them not there; .* dog/1.png"):
        open_domains(root)


def test_domains_of_other_classes_are_refused_by_name(tmp_path: Path) -> None:
    root = make_domains(tmp_path)
    (root / "sketch" / "dog").rename(root / "sketch" / "cat")
    with pytest.raises(InputError, match="sketch and cartoon differ in cat, dog"):
        open_domains(root)
    with pytest.raises(InputError, match=r"two domains or more in .*, got 1"):
        open_domains(make_domains(tmp_path / "one", domains=("photo",)))


def test_a_run_stopped_and_continued_gives_the_same_report_byte_for_byte(made: Path, tmp_path: Path) -> None:
    """Two models on two targets; one run goes through, the other is stopped after every fine-tuning."""
    models = ("--model", "rvt_nano/self", "--model", "rvt_nano/vars_d", "--target", "photo", "--target", "sketch")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    result = CliRunner().invoke(app, command(made, whole, *models))
    assert result.exit_code == 0, result.output
    assert result.output.count("top-1") >= 4
    for limit in "1234":
        assert CliRunner().invoke(app, command(made, parts, *models, "--limit", limit)).exit_code == 0
        assert Run.read(parts).complete_parts() == set(range(int(limit)))
        assert (f"{limit} of 4 fine-tunings are done" in (parts / "report.html").read_text()) == (limit < "4")
    for name in ("summary.json", "report.html"):
        assert (whole / name).read_bytes() == (parts / name).read_bytes()
    assert not list((whole / "training").iterdir())
    rows = Run.read(whole).rows().to_pylist()
    assert len(rows) == 4 * 10 and {row["target"] for row in rows} == {"photo", "sketch"}
    by_metric = {(e["model"], e["metric"]): e for e in read_summary(whole)}
    mean = by_metric["rvt_nano/self", "top1 mean"]["value"]
    assert mean == pytest.approx(
        sum(by_metric["rvt_nano/self", f"top1 {target}"]["value"] for target in ("photo", "sketch")) / 2
    )
    table = CliRunner().invoke(app, ["domain-table", "--run", str(whole)])
    assert table.exit_code == 0 and "| model | photo | sketch | mean |" in table.output
    assert "4 fine-tunings in" in table.output and "20% of every class of the source domains" in table.output
    other = CliRunner().invoke(app, command(made, whole, *models, "--lr", "0.5"))
    assert isinstance(other.exception, InputError) and "recipe.learning_rate" in str(other.exception)


def test_standard_errors_are_over_seeds_and_a_run_says_what_is_not_done(tmp_path: Path) -> None:
    """Rows written by hand: 50 and 100 % on a, 25 and 75 % on b, 37.5 and 87.5 % in the mean; the third seed half."""
    samples = fine_tunings(["m"], ["a", "b"], seeds=3)
    run = Run.open(tmp_path / "run", {"targets": ["a", "b"], "seeds": 3}, held_out="a part", hardware="one core")
    hits = {(0, "a"): 2, (1, "a"): 4, (0, "b"): 1, (1, "b"): 3, (2, "a"): 3}
    for part, tuned in enumerate(samples):
        if (tuned.seed, tuned.target) not in hits:
            continue
        right = hits[tuned.seed, tuned.target]
        facts = {"model": "m", "target": tuned.target, "seed": tuned.seed, "source_top1": 0.9, "chosen_epoch": 1}
        times = {"seconds": 1800.0, "processor_seconds": 900.0}
        rows = [
            facts | times | {"position": i, "id": f"{i}", "label": 1, "predicted": int(i < right), "error": None}
            for i in range(4)
        ]
        run.write_part(part, rows, SCHEMA)
    assert [samples[part].id for part in set(range(6)) - run.complete_parts()] == ["m on b, seed 2"]
    summary = summarise(run)
    run.write_summary(summary)
    a, b, mean = summary
    assert (a["value"], a["seeds"], a["n"]) == (75.0, 3, 4) and a["standard_error"] == pytest.approx(25 / 3**0.5)
    assert (b["value"], b["seeds"]) == (50.0, 2) and b["standard_error"] == pytest.approx(25.0)
    assert (mean["value"], mean["seeds"], mean["n"]) == (62.5, 2, 8) and mean["standard_error"] == pytest.approx(25.0)
    lines = domain_lines(run, read_summary(run.folder))
    assert lines[2] == "| m | 75.00 ± 14.43 | 50.00 ± 25.00 | 62.50 ± 25.00 |"
    assert "- 5 fine-tunings in 2.50 hours, 1.25 of them the processor's, on one core" in lines


def test_the_papers_rows_stand_below_the_targets_that_it_has(tmp_path: Path) -> None:
    names = ["art_painting", "cartoon", "photo", "sketch"]
    run = Run.open(tmp_path / "run", {"targets": names, "seeds": 1}, held_out="a part", hardware="one core")
    facts = {"model": "m", "target": "photo", "seed": 0, "source_top1": 0.9, "chosen_epoch": 0}
    row = {
        "position": 0,
        "id": "0",
        "label": 0,
        "predicted": 0,
        "error": None,
        "seconds": 1.0,
        "processor_seconds": 1.0,
    }
    run.write_part(2, [facts | row], SCHEMA)
    lines = domain_lines(run, summarise(run))
    assert lines[2] == "| m | – | – | 100.00 | – | – |"
    assert "| RVT-Ti/VARS-SD (paper, 224 px) | 86.08 | 80.98 | 96.47 | 82.78 | 86.58 |" in lines


def test_a_picture_of_the_target_that_cannot_be_read_is_named_and_ends_with_status_3(tmp_path: Path) -> None:
    root = make_domains(tmp_path / "made")
    (root / "photo" / "dog" / "2.png").write_bytes(b"no picture")
    out = tmp_path / "run"
    result = CliRunner().invoke(app, command(root, out, "--model", "rvt_nano/performer", "--target", "photo"))
    assert result.exit_code == 3, result.output
    assert "1 of the targets' pictures could not be scored" in result.stderr
    assert "photo/dog/2.png" in (out / "report.html").read_text()
    assert json.loads((out / "summary.json").read_text())[0]["n"] == 9
    tuned_in = Run.read(out).rows(["seconds"])["seconds"][0].as_py()
    (root / "photo" / "dog" / "2.png").write_bytes((root / "photo" / "dog" / "1.png").read_bytes())
    again = CliRunner().invoke(app, command(root, out, "--model", "rvt_nano/performer", "--target", "photo"))
    assert again.exit_code == 0, again.output
    assert json.loads((out / "summary.json").read_text())[0]["n"] == 10
    assert Run.read(out).rows(["seconds"])["seconds"][0].as_py() < tuned_in, "tested again, not tuned again"
    assert not list((out / "training").iterdir())


def test_an_unknown_target_comes_with_the_nearest_domain(made: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, command(made, tmp_path / "run", "--model", "rvt_nano/self", "--target", "foto"))
    assert isinstance(result.exception, InputError) and "nearest: 'photo'" in str(result.exception)


def test_pacs_is_whole(shared: Path) -> None:
    opened = open_domains(shared / "data" / "pacs")
    counts = {domain.name: len(domain.images) for domain in opened}
    assert counts == {"art_painting": 2048, "cartoon": 2344, "photo": 1670, "sketch": 3929}
    assert opened[0].images.classes == ("dog", "elephant", "giraffe", "guitar", "horse", "house", "person")
