"""A command line: run, stored with what it made, and printed elsewhere."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from vars_core.errors import InputError


def run_commands(commands: Callable[[], object]) -> None:
    """Run a command line to its end; bad input is one sentence on stderr and exit status 2."""
    try:
        commands()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def command_line() -> str:
    """The command of this process as one would type it again."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    module = None if spec is None else spec.name.removesuffix(".__main__")
    return shlex.join([*(["python", "-m", module] if module else [Path(sys.argv[0]).name]), *sys.argv[1:]])


def portable(command: str) -> str:
    """A command without the folders of the machine it ran on: of an absolute path, the last part is kept."""
    words = []
    for word in shlex.split(command):
        name, sign, path = word.rpartition("=")  # SPEC=FILE
        words.append(name + sign + (Path(path).name if path.startswith("/") else path))
    return shlex.join(words)
