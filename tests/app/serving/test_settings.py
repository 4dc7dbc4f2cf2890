"""The command line of the page."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.command import main
from app.serving.settings import Settings, read_auth, read_data
from vars_core.errors import InputError

ROOT = Path(__file__).resolve().parents[3]


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
        (["--port", "0", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1:0"),
        (["--port", "0", "--device", "gpu"], "device 'gpu' is not there: expected auto"),
        (["--port", "0", "--precision", "fp8"], "unknown precision 'fp8': expected one of fp32"),
        (["--weights", "/nowhere/at/all"], "expected a folder"),
        (["--weights", "app", "--weights", "tests"], "expected one folder of checkpoints, got 2"),
        (["--weights", "dino=timm/vit_tiny_patch16_224:no.pth"], "expected a checkpoint file for 'dino'"),
        (["--weights", "mine=rvt_nano/selv:app.py"], "unknown model 'rvt_nano/selv'; nearest: 'rvt_nano/self'"),
        (["--runs", "/nowhere/at/all"], "expected a folder"),
        (["--port", "many"], "Invalid value for"),
    ],
)
def test_a_bad_option_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    status, shown = ended(monkeypatch, capsys, *arguments)
    assert (status, sentence in shown) == (2, True)


def test_a_port_in_use_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        status, shown = ended(monkeypatch, capsys, "--port", port)
    assert (status, shown) == (2, f"error: cannot listen on 127.0.0.1:{port}: Address already in use\n")


def test_a_temporary_folder_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    status, shown = ended(monkeypatch, capsys, "--port", "0")
    assert (status, shown) == (2, "error: no temporary folder that can be written to: No space left on device\n")


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("HOST", "192.0.2.1", "cannot listen on 192.0.2.1"),
        ("PORT", "99999", "expected a port"),
        ("DEVICE", "gpu", "device 'gpu'"),
        ("PRECISION", "fp8", "precision 'fp8'"),
        ("WEIGHTS", "/nowhere/at/all", "expected a folder"),
        ("DATA", "birds", "expected NAME=DIR"),
        ("RUNS", "/nowhere/at/all", "expected a folder"),
        ("AUTH", "/nowhere/at/all", "expected a file of user:password lines"),
        ("MAX_PIXELS", "1", "expected --max-pixels of 4 or more"),
        ("QUEUE_SIZE", "0", "expected a queue size of 1 or more"),
    ],
)
def test_the_environment_says_the_same_as_an_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, value: str, sentence: str
) -> None:
    if variable != "PORT":
        monkeypatch.setenv("VARS_PORT", "0")
    monkeypatch.setenv(f"VARS_{variable}", value)
    status, shown = ended(monkeypatch, capsys)
    assert (status, sentence in shown) == (2, True)


def test_everything_that_is_asked_for_reaches_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import app.server

    started: list[Settings] = []
    monkeypatch.setattr(app.server, "run", started.append)
    (tmp_path / "users").write_text("ann:secret")
    options = {
        "host": "127.0.0.1",
        "port": "0",
        "device": "cpu",
        "precision": "bf16",
        "weights": str(tmp_path),
        "data": f"birds={tmp_path}",
        "runs": str(tmp_path),
        "auth": str(tmp_path / "users"),
        "max-pixels": "1000",
        "queue-size": "3",
    }
    status, _ = ended(monkeypatch, capsys, *(part for name, value in options.items() for part in (f"--{name}", value)))
    assert status == 0
    folder = tmp_path.resolve()
    port = started[0].port  # a free one
    assert port > 0
    assert started == [
        Settings(
            *("127.0.0.1", port, "cpu", "bf16", folder, {"birds": folder}, folder, (("ann", "secret"),), 1000),
            queue_size=3,
        )
    ]


def test_what_is_assumed_of_a_proxy_is_said() -> None:
    from app.server import where

    assert list(where(Settings(port=7))) == ["VARS Studio: http://localhost:7"]
    address, assumed = where(Settings(port=7, root_path="/vars"))
    assert address.endswith(":7/vars") and "takes /vars away" in assumed


def test_on_a_space_the_page_listens_to_all_and_may_be_framed() -> None:
    script = """
import app.server, app.command, sys
app.server.run = lambda settings: print(settings.host, settings.port, settings.framed)
sys.argv = ["app.py"]
app.command.main()
"""
    for space, said in (("owner/name", "0.0.0.0 7860 True"), (None, "127.0.0.1 7860 False")):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VARS_")}
        environment |= {"SPACE_ID": space} if space else {}
        run = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert run.stdout.splitlines()[-1:] == [said] or "cannot listen" in run.stderr, run.stderr


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
    path.write_bytes(b"ann:\xff")
    with pytest.raises(InputError, match="cannot be read"):
        read_auth(path)
    path.write_text("\n")
    with pytest.raises(InputError, match="no user:password"):
        read_auth(path)


def test_the_page_is_open_and_local_by_default() -> None:
    assert (Settings().host, Settings().auth, Settings().data, Settings().runs) == ("127.0.0.1", (), {}, None)
