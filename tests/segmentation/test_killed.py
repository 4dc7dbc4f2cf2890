"""A run that is killed and continued ends in the same bytes as one left in peace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .made import make_voc

SCRIPT = Path(__file__).with_name("kill.py")
PROJECT = SCRIPT.parents[2]


def test_killed_ten_times_at_random_moments_and_continued_the_summary_is_identical(tmp_path: Path) -> None:
    root = make_voc(tmp_path / "voc", 24)
    options = ["--data", root, "--batch-size", "2", "--model", "rvt_nano/vars_d"]
    command = [sys.executable, SCRIPT, "10", "0", tmp_path / "runs", *options]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "identical after 10 kills" in done.stdout
