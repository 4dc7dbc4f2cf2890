"""Kill a segmentation command at random moments, continue it to the end, compare with an undisturbed run.

    python tests/segmentation/kill.py KILLS SEED FOLDER OPTION...

The options are those of ``python -m analysis segmentation`` without ``--out``. Every process is a fork of this one,
which has imported everything and computed nothing: a kill then falls into the work, not into the imports. A run that
has stored all its parts is finished, compared and begun anew. Prints what happened and exits with 1 where a summary
differs in a byte.
"""

from __future__ import annotations

import importlib
import os
import random
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import analysis.__main__ as command_line

IMPORTED_LATE = ("analysis.evaluations.segmentation_report", "vars_core.weights")
"""By the command, which starts quickly without them."""


def start(options: list[str], out: Path, log: Path) -> int:
    """Fork a process that runs the command; its id."""
    child = os.fork()
    if child:
        return child
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["analysis", "segmentation", *options, "--out", str(out)]
    try:
        command_line.main()
        status = 0
    except SystemExit as left:
        status = int(left.code or 0)
    except BaseException:
        traceback.print_exc()
        status = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def finish(options: list[str], out: Path, log: Path) -> float:
    """Run the command to its end; the seconds it took."""
    started = time.monotonic()
    _, status = os.waitpid(start(options, out, log), 0)
    if status:
        sys.exit(f"the command ended with status {status}; it said:\n{log.read_text()}")
    return time.monotonic() - started


def main() -> None:
    for module in IMPORTED_LATE:
        importlib.import_module(module)
    kills, seed, folder, options = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]
    folder.mkdir(parents=True, exist_ok=True)
    log, target = folder / "log.txt", folder / "killed"
    seconds = finish(options, folder / "undisturbed", log)
    total = parts_in(folder / "undisturbed")
    expected = (folder / "undisturbed/summary.json").read_bytes()
    moments = random.Random(seed)
    killed = runs = 0
    same = True
    while killed < kills:
        child = start(options, target, log)
        wait = moments.uniform(0, seconds)  # some before the first part, some while the report is made
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        stored = parts_in(target)
        if os.WIFSIGNALED(status):
            killed += 1
            print(f"kill {killed} after {wait:.2f} s: {stored} of {total} parts stored", flush=True)
        if stored == total or killed == kills:  # no work left to kill: see where this run ends, and begin another
            finish(options, target, log)
            runs += 1
            same &= (target / "summary.json").read_bytes() == expected
            shutil.rmtree(target)
    words = "identical" if same else "DIFFERENT"
    print(f"undisturbed: {seconds:.1f} s; summary.json {words} after {kills} kills of {runs} runs")
    sys.exit(0 if same else 1)


def parts_in(run: Path) -> int:
    """How many parts a run has stored."""
    return len(list((run / "rows").glob("*.parquet")))


if __name__ == "__main__":
    main()
