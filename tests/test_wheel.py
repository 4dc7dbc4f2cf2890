"""Beyond the checkout: what a built wheel carries, and that its one command does what the modules do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from typer.main import get_command

from analysis.__main__ import app as analysis
from app.command import page
from app.studio import command_line
from tests.app.made import read
from vars_core.embedded import embedded_models
from vars_core.training.__main__ import app as training
from vars_core.version import VERSION

ROOT = Path(__file__).resolve().parents[1]
BUILT_FROM = ("vars_core", "analysis", "app", "assets", "pyproject.toml", "requirements.txt", "README.md", "LICENSE")
NOT_CODE = ("*.cpp", "*.css", "*.h", "*.html", "*.js", "*.json", "*.md", "*.safetensors", "*.toml", "*.ttf")


def quietly(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command and return what it printed; what it complained of is in the error."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network from a copy, so that nothing is left in the checkout."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
        else:
            shutil.copy(ROOT / name, source)
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(out)!r})"
    quietly(sys.executable, "-c", build, cwd=source)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in a folder of its own, without what it depends on."""
    target = tmp_path_factory.mktemp("installed")
    install = ("-m", "pip", "install", "--no-deps", "--no-index", "--no-compile", "-q", "--target")
    quietly(sys.executable, *install, target, wheel, cwd=target)
    return target


@pytest.fixture(scope="module")
def url(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page as ``vars-studio page`` serves it from an empty folder."""
    empty = tmp_path_factory.mktemp("empty")
    served = subprocess.Popen(
        [installed / "bin" / "vars-studio", "page", "--port", "0"],
        cwd=empty,
        env={**os.environ, "PYTHONPATH": str(installed)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert served.stdout is not None
    for line in served.stdout:
        if line.startswith("VARS Studio: "):  # said when the page is built
            break
    address = re.search(r"http://\S+", line)
    assert address, line
    yield address[0]
    served.terminate()
    served.wait(timeout=30)
    assert list(empty.iterdir()) == []


def test_the_wheel_carries_all_that_is_no_code_too(wheel: Path) -> None:
    folders = [ROOT / name for name in ("vars_core", "analysis", "app", "assets")]
    expected = {
        path.relative_to(ROOT).as_posix() for folder in folders for kind in NOT_CODE for path in folder.rglob(kind)
    }
    packed = zipfile.ZipFile(wheel)
    assert f"assets/weights/{embedded_models()[0].replace('/', '_')}.safetensors" in expected
    assert "app/page/static/viewer.js" in expected
    assert expected <= set(packed.namelist())
    roots = {name.partition("/")[0] for name in packed.namelist()}
    assert roots == {"vars_core", "analysis", "app", "assets", f"vars_studio-{VERSION}.dist-info"}


def test_the_version_is_the_same_everywhere(wheel: Path, installed: Path, tmp_path: Path) -> None:
    assert wheel.name.startswith(f"vars_studio-{VERSION}-")
    said = quietly(installed / "bin" / "vars-studio", "--version", cwd=tmp_path, PYTHONPATH=str(installed))
    assert said == f"vars-studio {VERSION}\n"
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[?([\d.]+)", changes, re.MULTILINE)[0] == VERSION


def test_one_command_has_the_commands_of_the_page_the_analysis_and_the_training() -> None:
    studio = get_command(command_line()).commands
    parts = {**get_command(analysis).commands, "page": get_command(page), "train": get_command(training)}
    assert studio.keys() == parts.keys() and "segmentation" in studio
    for name, part in parts.items():
        assert [one.opts for one in studio[name].params] == [one.opts for one in part.params if one.name != "help"]
        assert studio[name].help == part.help


def test_bad_input_is_one_sentence_and_status_2(installed: Path, tmp_path: Path) -> None:
    command = [installed / "bin" / "vars-studio", "segmentation", "--data", "nowhere", "--out", "run"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)}, capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stderr.startswith("error: ") and "nowhere" in done.stderr


def test_the_installed_page_shows_the_map_of_a_sample(url: str, installed: Path, tmp_path: Path) -> None:
    health = httpx.get(f"{url}/health").json()
    assert health["status"] == "ok" and set(health["models"]) == set(embedded_models())
    page_text = httpx.get(url).text
    assert "VARS.cross = " in page_text and ".masthead" in httpx.get(f"{url}/theme.css").text + page_text
    client = Client(url, verbose=False, download_files=str(tmp_path))
    overlay, _, facts, _ = client.predict(photo="sample:coffee", model="rvt_nano/self", api_name="/attention")
    client.close()
    assert read(overlay).shape == (400, 600, 3)
    assert facts["trained"] and len(facts["top5"]) == 5
    assert facts["software"]["commit"] is None
