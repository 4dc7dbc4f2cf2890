"""``python -m tools.watched LOG …`` is ``python app.py …`` with a log of what it writes and whom it calls.

The log has a JSON list a line: ["temporary", folder] once, then ["write", path] for every file or folder that is made,
changed, moved or removed, and ["call", host] for every address that is looked up or connected to.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
CHANGES = {
    **dict.fromkeys(("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.chown"), (0,)),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink"), (0, 1)),
}
"""Events of `sys.addaudithook`, and which of their arguments are paths that change."""


def hook(note: Callable[[str, str], None]) -> Callable[[str, tuple[Any, ...]], None]:
    """What `sys.addaudithook` takes."""

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES:
            note("write", absolute(arguments[0]))
        elif event in CHANGES:
            for place in CHANGES[event]:
                note("write", absolute(arguments[place]))
        elif event == "socket.connect" and isinstance(arguments[1], tuple):
            note("call", str(arguments[1][0]))
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            note("call", str(arguments[0]))

    return heard


def absolute(path: Any) -> str:
    """A path as it stands in the log; a file that is already open has a number only."""
    return os.path.abspath(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else f"file {path}"  # noqa: PTH100 (a Path would follow links)


def read_log(path: Path) -> list[tuple[str, str]]:
    """(what, where), in order."""
    return [(what, where) for what, where in map(json.loads, path.read_text(encoding="utf-8").splitlines())]


def outside(log: list[tuple[str, str]]) -> list[str]:
    """What was written outside the server's temporary folder, which the log names."""
    folder = next(where for what, where in log if what == "temporary")
    return [path for what, path in log if what == "write" and not f"{path}/".startswith(f"{folder}/")]


def elsewhere(log: list[tuple[str, str]]) -> list[str]:
    """Hosts that were called, other than this machine."""
    return [host for what, host in log if what == "call" and host not in ("127.0.0.1", "localhost", "::1")]


def main() -> None:
    log = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(what: str, where: str) -> None:
        os.write(log, (json.dumps([what, where]) + "\n").encode())

    sys.addaudithook(hook(note))
    from app.command import main as serve
    from app.server import TEMPORARY

    note("temporary", str(TEMPORARY))
    serve()


if __name__ == "__main__":
    main()
