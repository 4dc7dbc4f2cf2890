"""Kill a segmentation command at random moments, continue it to the end, compare with an undisturbed run.

    python tests/segmentation/kill.py KILLS SEED FOLDER OPTION...

The options are those of ``python -m analysis segmentation`` without ``--out``. Every process is a fork of this one,
which has imported everything and computed nothing: a kill then falls into the work, not into the imports. Prints what
happened and exits with 1 where the two summaries differ in a byte.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import analysis.__main__ as command_line
import analysis.evaluations.segmentation_report  # noqa: F401  imported late by the command
import vars_core.weights  # noqa: F401  likewise


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
    kills, seed, folder, options = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    seconds = finish(options, folder / "undisturbed", log)
    moments = random.Random(seed)
    killed = 0
    while killed < kills:
        child = start(options, folder / "killed", log)
        wait = moments.uniform(0, 3 * seconds / kills)  # some before the first part, some after the last
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        parts = len(list((folder / "killed" / "rows").glob("*.parquet")))
        if os.WIFSIGNALED(status):
            killed += 1
            print(f"kill {killed} after {wait:.2f} s: {parts} parts stored")
        else:  # it was done: start over, kills must hit work
            print(f"finished before the kill at {wait:.2f} s, starting over")
            for path in [*(folder / "killed").rglob("*.*")]:
                path.unlink()
    finish(options, folder / "killed", log)
    same = (folder / "killed/summary.json").read_bytes() == (folder / "undisturbed/summary.json").read_bytes()
    print(f"undisturbed: {seconds:.1f} s; summary.json {'identical' if same else 'DIFFERENT'} after {killed} kills")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
