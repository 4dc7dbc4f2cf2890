"""A server that is watched: what it writes, and whom it calls."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.http import Visitor
from tools.malformed import send
from tools.started import Started
from tools.watched import elsewhere, hook, outside, read_log

CACHE = "cache"


def written(log: Path) -> list[str]:
    """What was written outside the server's temporary folder and that of compiled loops, which models may need late."""
    return [path for path in outside(read_log(log)) if not Path(path).is_relative_to(log.parent / CACHE)]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Started, Path]]:
    folder = tmp_path_factory.mktemp("watched")
    log = folder / "log"
    program = ("-m", "tools.watched", str(log))
    compiled = {"XDG_CACHE_HOME": str(folder / CACHE)}
    with Started("--max-pixels", "4000000", program=program, PYTHONDONTWRITEBYTECODE="1", **compiled) as page:
        page.has_models()
        yield page, log


def test_malformed_files_under_bad_names_get_messages_and_leave_nothing(watched: tuple[Started, Path]) -> None:
    page, log = watched
    visitor = Visitor(page.url)
    visitor.attention()
    before = len(written(log))
    tally = send(visitor, 40)
    assert tally.silent == []
    assert tally.messages + tally.refused_at_upload == 40
    assert written(log)[before:] == []
    assert visitor.http.get("health").json()["status"] == "ok"


def test_the_server_calls_nobody(watched: tuple[Started, Path]) -> None:
    page, log = watched
    visitor = Visitor(page.url)
    assert visitor.http.get("").status_code == 200
    assert visitor.attention()[0]
    assert elsewhere(read_log(log)) == []


def test_the_watch_hears_what_it_is_for() -> None:
    heard: list[tuple[str, str]] = []
    listen = hook(lambda what, where: heard.append((what, where)))
    listen("open", ("/a/../b", "w", os.O_WRONLY | os.O_CREAT))
    listen("open", ("/a", "r", os.O_RDONLY))
    listen("os.rename", ("/c", b"/d", -1, -1))
    listen("socket.getaddrinfo", ("elsewhere.example", 443, 0, 0, 0))
    listen("socket.connect", (socket.socket(), ("192.0.2.1", 443)))
    assert heard == [
        ("write", "/b"),
        ("write", "/c"),
        ("write", "/d"),
        ("call", "elsewhere.example"),
        ("call", "192.0.2.1"),
    ]
    log = [("temporary", "/t"), ("write", "/t/x"), ("write", "/tx"), *heard]
    assert outside(log) == ["/tx", "/b", "/c", "/d"]
    assert elsewhere(log) == ["elsewhere.example", "192.0.2.1"]
