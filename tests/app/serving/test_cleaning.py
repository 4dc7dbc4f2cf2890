"""Uploads do not stay."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from app.serving.cleaning import fresh_folder, repeat, return_memory, sweep


def test_old_files_and_the_folders_they_leave_empty_go(tmp_path: Path) -> None:
    for name in ("old/a.png", "old/b.png", "new/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    past = time.time() - 100
    for name in ("old/a.png", "old/b.png"):
        os.utime(tmp_path / name, (past, past))
    assert sweep(tmp_path, age=50) == 2
    assert (tmp_path / "new/c.png").exists()
    sweep(tmp_path, age=50, now=time.time() + 1000)
    sweep(tmp_path, age=50, now=time.time() + 1000)
    assert list(tmp_path.iterdir()) == []


def test_the_temporary_folder_is_private_and_new_each_time() -> None:
    one, other = fresh_folder(), fresh_folder()
    assert one != other
    assert one.stat().st_mode & 0o077 == 0


def test_work_is_repeated_until_it_is_stopped() -> None:
    called = threading.Semaphore(0)
    stop = repeat(0.001, called.release)
    for _ in range(3):
        assert called.acquire(timeout=60)
    stop.set()


def test_memory_can_be_returned_anywhere() -> None:
    return_memory()
