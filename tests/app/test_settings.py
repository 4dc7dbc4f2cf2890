"""The command line of the page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.command import main
from app.settings import Settings, read_auth, read_data
from vars_core.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Status and everything printed of ``python app.py ARGUMENTS``."""
    monkeypatch.setattr(sys, "argv", ["app.py", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    shown = capsys.readouterr()
    return int(stopped.value.code or 0), shown.out + shown.err


def test_the_script_ends_in_one_sentence_and_status_2_for_a_bad_option() -> None:
    run = [sys.executable, "app.py", "--queue-size", "0"]
    script = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert script.returncode == 2
    assert script.stderr == "error: expected a queue size of 1 or more, got 0\n"


def test_help_names_every_option(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 200)
    status, shown = ended(monkeypatch, capsys, "--help")
    options = ["host", "port", "device", "precision", "weights", "data", "runs", "auth", "max-pixels", "queue-size"]
    assert status == 0
    assert all(f"--{option}" in shown for option in options)
    assert all(f"VARS_{option.upper().replace('-', '_')}" in shown for option in options)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--data", "birds"], "expected NAME=DIR"),
        (["--data", "birds=/nowhere/at/all"], "expected a folder"),
        (["--auth", "/nowhere/at/all"], "expected a file of user:password lines"),
        (["--queue-size", "0"], "expected a queue size of 1 or more"),
        (["--max-pixels", "1"], "expected --max-pixels of 4 or more"),
        (["--port", "99999"], "expected a port"),
    ],
)
def test_a_bad_option_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    status, shown = ended(monkeypatch, capsys, *arguments)
    assert (status, sentence in shown) == (2, True)


def test_the_environment_says_the_same_as_an_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VARS_QUEUE_SIZE", "0")
    status, shown = ended(monkeypatch, capsys)
    assert (status, "queue size" in shown) == (2, True)


def test_data_folders_are_named(tmp_path: Path) -> None:
    assert read_data([f"my-set_1={tmp_path}"]) == {"my-set_1": tmp_path.resolve()}
    with pytest.raises(InputError, match="NAME=DIR"):
        read_data([f"a/b={tmp_path}"])


def test_users_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "users"
    path.write_text("# who may come in\nann:a:b\n\nbo:secret\n")
    assert read_auth(path) == (("ann", "a:b"), ("bo", "secret"))
    path.write_text("ann\n")
    with pytest.raises(InputError, match="line 1"):
        read_auth(path)
    path.write_text("\n")
    with pytest.raises(InputError, match="no user:password"):
        read_auth(path)


def test_the_page_is_open_and_local_by_default() -> None:
    assert (Settings().host, Settings().auth, Settings().data, Settings().runs) == ("127.0.0.1", (), {}, None)
