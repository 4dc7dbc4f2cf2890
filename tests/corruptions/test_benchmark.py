"""The benchmark command prints what it says, on any picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.corruptions import NAMES

from .made import made_photograph


def test_the_tables_have_a_line_for_every_corruption(tmp_path: Path) -> None:
    Image.fromarray(made_photograph(60, 80)).save(tmp_path / "picture.png")
    arguments = ["benchmark-corruptions", "--repeats", "1", "--no-scaling", "--image", str(tmp_path / "picture.png")]
    finished = CliRunner().invoke(app, [*arguments, "--side", "48"])
    assert finished.exit_code == 0, finished.output
    lines = [line.split(" | ") for line in finished.output.splitlines() if line.startswith("| ")]
    assert [line[0].strip("| *") for line in lines[1:]] == [*NAMES, f"all {len(NAMES)}"]
    means = [float(line[1].strip("*")) for line in lines[1:]]
    assert means[-1] > 0
    assert np.isclose(sum(means[:-1]), means[-1], atol=0.2)
