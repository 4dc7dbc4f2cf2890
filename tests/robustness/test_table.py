"""``python -m analysis robustness-table``: several runs as one table, each number by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from analysis.__main__ import app
from analysis.commands import robustness as command

from .made import MadeClassifier, class_folders


class Stubborn(MadeClassifier):
    """Says class 7 whatever it sees."""

    name = "made/stubborn"

    def logits(self, batch: torch.Tensor) -> torch.Tensor:
        return torch.eye(200)[[7] * len(batch)]


@pytest.fixture(autouse=True)
def made_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "load_backends", lambda requests, device: [MadeClassifier(), Stubborn()])


def invoked(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def ran(out: Path, *arguments: object) -> Path:
    done = invoked("robustness", "--out", out, "--model", "rvt_nano/self", "--checks", 0, *arguments)
    assert done.exit_code == 0, done.output
    return out


def test_the_run_of_most_photographs_is_shown_and_differences_are_paired(tmp_path: Path) -> None:
    few = class_folders(tmp_path / "few", {7: [7]})
    many = class_folders(tmp_path / "many", {7: [7, 9, 9], 9: [9]})
    corrupted = ("--names", "pixelate", "--severities", "1,2")
    one = ran(tmp_path / "one", "--suite", "clean,corrupted", "--data", few, *corrupted)
    other = ran(tmp_path / "other", "--suite", "clean", "--data", many)
    printed = invoked("robustness-table", "--run", one, "--run", other)
    assert printed.exit_code == 0, printed.output
    lines = printed.stdout.splitlines()
    assert "| model | clean (4) | corrupted on the fly, not ImageNet-C: mean corruption accuracy (1) |" in lines
    assert any(line.startswith("| made/stubborn | 75.00 [") and line.endswith("] | 100.00 |") for line in lines)
    assert any(line.startswith("| made/classifier | 50.00 [") for line in lines)
    # the classifier is right on one 7 and one 9, the stubborn one on all three 7s: +1 of 4, differences 0 1 1 -1
    half = 1.959964 * torch.tensor([0.0, 100, 100, -100]).std().item() / 2
    assert f"| made/stubborn | +25.00 [{25 - half:+.2f}, {25 + half:+.2f}] | +0.00 |" in lines
    assert "| pixelate | 0.0 | 0.0 |" in lines
    assert "data: few" in printed.stdout and "data: many" in printed.stdout


def test_a_model_or_a_run_that_does_not_fit_is_a_sentence(tmp_path: Path) -> None:
    run = ran(tmp_path / "run", "--suite", "clean", "--data", class_folders(tmp_path / "data", {7: [7]}))
    refused = invoked("robustness-table", "--run", run, "--against", "made/nobody")
    assert "expected --against one of the runs' models (made/classifier, made/stubborn)" in str(refused.exception)
