"""A C++ file and its constants -> a loaded library, by the machine's own compiler; kept for processes to come."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from vars_core.whole_file import whole_file

OPTIONS = ("-std=c++17", "-O3", "-march=native", "-fPIC")

WITH_THREADS = (("-fopenmp",), ()) if sys.platform == "linux" else ((),)
"""Threads are those of PyTorch's own OpenMP, GCC's: its names are found when the library is loaded, none is linked to
it. What another compiler makes does not find its own there, and is made without."""

PATIENCE = 120
"""Seconds for one file; it takes about two."""


def compiler() -> tuple[str, ...] | None:
    """The command of a C++ compiler: that of the environment's CXX (empty: none), else the first one found."""
    return _compiler(os.environ.get("CXX"), os.environ.get("PATH"))


@cache
def _compiler(named: str | None, path: str | None) -> tuple[str, ...] | None:
    if named is not None:
        return tuple(shlex.split(named)) or None
    return next(((name,) for name in ("g++", "c++", "clang++") if shutil.which(name, path=path)), None)


def library(source: Path, constants: Mapping[str, str | int]) -> ctypes.CDLL | None:
    """``source`` compiled for this processor with ``constants`` defined, loaded; None without a compiler.

    A compiler that fails is told of once, as a warning, and is as none.
    """
    command = compiler()
    return None if command is None else _library(command, source, tuple(sorted(constants.items())))


@cache
def _library(
    command: tuple[str, ...], source: Path, constants: tuple[tuple[str, str | int], ...]
) -> ctypes.CDLL | None:
    definitions = [f"-D{name}={value}" for name, value in constants]
    for options in WITH_THREADS:
        try:
            return _loaded(command, source, (*OPTIONS, *options, *definitions))
        except (OSError, subprocess.SubprocessError) as error:
            said = str(getattr(error, "stderr", None) or error).strip() or type(error).__name__
    warnings.warn(
        f"{source.name} could not be compiled by {shlex.join(command)}, slower operations are taken in its place: "
        f"{said.splitlines()[0]}",
        stacklevel=2,
    )
    return None


def _loaded(command: tuple[str, ...], source: Path, options: tuple[str, ...]) -> ctypes.CDLL:
    kept = _folder() / f"{source.stem}-{_fingerprint(command, source, options)}.so"
    if not kept.exists():
        with whole_file(kept) as made:
            compiled = made.with_suffix(".o")
            try:
                _run(*command, *options, "-c", str(source), "-o", str(compiled))
                _run(*command, "-shared", str(compiled), "-o", str(made))
            finally:
                compiled.unlink(missing_ok=True)
    return ctypes.CDLL(str(kept))


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout


def _folder() -> Path:
    """Where libraries are kept: the user's cache, or a folder of this process alone where that can't be written."""
    with suppress(OSError, RuntimeError):  # RuntimeError: nobody's home
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vars-studio"
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="vars-studio-"))


def _fingerprint(command: tuple[str, ...], source: Path, options: tuple[str, ...]) -> str:
    """Of all that the library depends on: source, options, compiler, and the processor that it is made for."""
    texts = [path.read_text(encoding="utf-8") for path in (source, *sorted(source.parent.glob("*.h")))]
    parts = [*texts, *options, _run(*command, "--version"), _processor()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _processor() -> str:
    """The processor's abilities: machines that share a home may differ in them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()} {platform.node()}"
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.machine())
