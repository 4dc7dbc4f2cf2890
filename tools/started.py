"""``python app.py`` as a process of its own, on a free port of this machine: what a visitor of a fresh start meets."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 300.0
"""Seconds that a slow machine may take to start. Nothing here fails for being slower than hoped."""


class Started:
    """A context: ``url`` and ``pid`` of a page that is being started; it ends with the context.

    ``program``: what Python runs instead of ``app.py``; ``options`` are handed to it, ``environment`` is added to ours.
    """

    def __init__(self, *options: str, program: tuple[str, ...] = ("app.py",), **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, *program, "--port", str(port), *options],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            env={**os.environ, **environment},
        )
        self.pid = self._process.pid

    def __enter__(self) -> Started:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()

    @property
    def age(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._began

    def answers(self, path: str = "") -> float:
        """Wait until the server answers there; returns its age then."""
        while True:
            try:
                httpx.get(self.url + path, timeout=PATIENCE).raise_for_status()
                return self.age
            except httpx.TransportError:
                self._still_starts()

    def has_models(self) -> float:
        """Wait until every embedded model is ready; returns the server's age then."""
        self.answers("health")
        while True:
            health = httpx.get(self.url + "health", timeout=PATIENCE).json()
            if health["ready"] == health["of"]:
                return self.age
            self._still_starts()

    def _still_starts(self) -> None:
        if self._process.poll() is not None:
            raise RuntimeError(f"the page ended with status {self._process.returncode} instead of starting")
        if self.age > PATIENCE:
            raise TimeoutError(f"the page is not ready after {PATIENCE:.0f} s")
        time.sleep(0.05)


def resident(pid: int) -> int:
    """Bytes of memory that a process holds (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    stated = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert stated is not None
    return int(stated[1]) * 1024


def processor_time(pid: int) -> float:
    """Seconds for which a process has kept a core busy (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
