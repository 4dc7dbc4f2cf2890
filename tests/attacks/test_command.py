"""``python -m analysis attack-check`` on made pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.commands.attack_check import parse_length
from vars_core.errors import InputError


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two classes of two validation pictures each, in class folders."""
    draw = np.random.default_rng(0)
    for half in ("train", "val"):
        for name in ("n01", "n02"):
            folder = tmp_path / half / name
            folder.mkdir(parents=True)
            for index in range(2):
                Image.fromarray(draw.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(folder / f"{index}.png")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["attack-check", *arguments])
    if isinstance(done.exception, InputError):
        return 2, str(done.exception)
    return done.exit_code, done.output


def test_each_model_gets_a_table_of_checks_with_its_weights(pictures: Path) -> None:
    options = ["--image-size", "32", "--num-steps", "2", "--queries", "3", "--epsilon", "2/255"]
    status, printed = run("--model", "rvt_nano/vars_d", "--data", str(pictures), *options)
    rows = [line for line in printed.splitlines() if (line.startswith("| ") and "| yes |" in line) or "| no |" in line]
    assert len(rows) == 8
    assert status == int(any("| no |" in row for row in rows))
    assert "4 of 4 validation pictures" in printed
    assert "rvt_nano/vars_d, weights " in printed and "32 px" in printed
    assert "| ε = 0 equals clean | yes | 0 of 4 predictions differ |" in printed


def test_bad_input_is_one_sentence(pictures: Path, tmp_path: Path) -> None:
    known = ["--model", "rvt_nano/vars_d", "--data", str(pictures)]
    assert run(*known, "--epsilon", "much") == (
        2,
        "expected --epsilon as a fraction or a number, such as 8/255 or 0.03, got 'much'",
    )
    assert "units of the pixel range" in run(*known, "--epsilon", "8")[1]
    assert "norm inf or 2" in run(*known, "--norm", "1")[1]
    assert run("--model", "rvt_nano/vars_x", "--data", str(pictures))[0] == 2
    assert run("--model", "rvt_nano/vars_d", "--data", str(tmp_path / "nothing"))[0] == 2


def test_a_length_is_a_fraction_or_a_number() -> None:
    assert parse_length("8/255", "--epsilon") == pytest.approx(8 / 255)
    assert parse_length("0.5", "--epsilon") == 0.5
    with pytest.raises(InputError, match="got '1/0'"):
        parse_length("1/0", "--epsilon")
