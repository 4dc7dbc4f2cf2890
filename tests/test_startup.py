"""What is asked of a command before it does anything costs nothing: neither torch nor a page is loaded for it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "torchvision", "timm", "gradio", "plotly", "ray", "scipy.ndimage", "skimage", "matplotlib", "pandas")
TOLD = "heavy modules: "
RUN_AND_TELL = """
import runpy, sys
how, name, *sys.argv[1:] = sys.argv[1:]
try:
    (runpy.run_module if how == "-m" else runpy.run_path)(name, run_name="__main__")
finally:
    print({told!r} + " ".join(name for name in {heavy!r} if name in sys.modules))
"""


def heavy_modules(*command: str) -> tuple[list[str], str]:
    """Which heavy modules a command had imported when it ended, and what it printed."""
    code = RUN_AND_TELL.format(told=TOLD, heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    printed, _, told = done.stdout.rpartition(TOLD)
    return told.split(), printed + done.stderr


def analysis_commands() -> list[str]:
    from analysis.__main__ import app

    return list(get_command(app).commands)


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "analysis"),
        ("-m", "analysis", "robustness"),
        ("-m", "vars_core.training"),
        ("-m", "app.studio"),
        ("script", "app.py"),
    ],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(command: tuple[str, ...]) -> None:
    loaded, printed = heavy_modules(*command, "--help")
    assert "Usage" in printed
    assert loaded == []


def test_the_command_line_of_every_analysis_is_there_without_anything_heavy() -> None:
    """One process for all: the help of each command is made from what importing the command line has loaded."""
    assert len(analysis_commands()) > 10
    code = f"import sys, analysis.__main__; sys.exit(any(name in sys.modules for name in {HEAVY!r}))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=120).returncode == 0


def test_a_bad_option_is_found_before_anything_heavy() -> None:
    loaded, printed = heavy_modules("-m", "analysis", "segmentation", "--data", "nowhere", "--out", "x")
    assert "nowhere" in printed
    assert loaded == []


def test_a_taken_port_is_found_before_anything_heavy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        loaded, printed = heavy_modules("script", "app.py", "--port", str(taken.getsockname()[1]))
    assert "error: cannot listen on 127.0.0.1:" in printed
    assert loaded == []


def test_the_page_says_what_it_does_before_it_loads_anything_heavy() -> None:
    """A device that is not there is found by torch: by then the first line has been printed. timm takes longer to load
    than torch, and waits until somebody asks for one of its models.
    """
    loaded, printed = heavy_modules("script", "app.py", "--port", "0", "--device", "gpu")
    assert printed.startswith("VARS Studio is starting for http://localhost:")
    assert loaded == ["torch"]


def test_an_embedded_model_is_loaded_without_timm_and_without_torchs_compiler() -> None:
    code = (
        "import sys; from vars_core.weights import load_model; load_model('rvt_nano/vars_d'); "
        "sys.exit(' '.join(name for name in ('timm', 'torchvision', 'torch._dynamo') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("order", ["timm, vars_core", "vars_core, timm", "vars_core.weights, timm"])
def test_our_models_are_timms_whichever_is_imported_first(order: str) -> None:
    code = f"import {order}; assert timm.is_model('rvt_tiny_vars_d')"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=120).returncode == 0
