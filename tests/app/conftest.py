"""A page that is really served, and a browser that really opens it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from gradio_client import Client

from app.inference.models import EMBEDDED
from app.serving.settings import Settings
from tests.app.served import Served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
"""Chromium makes the pictures of a camera itself, and asks nobody."""


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two small photographs, one in a subfolder, beside a file that is none of the visitor's business."""
    folder = tmp_path_factory.mktemp("data") / "birds"
    (folder / "small").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("one.png", "small/two.png"):
        cv2.imwrite(str(folder / name), cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (160, 120)))
    cv2.imwrite(str(folder.parent / "private.png"), np.zeros((40, 40, 3), np.uint8))
    return folder


@pytest.fixture(scope="session")
def served(photographs: Path) -> Iterator[Served]:
    """The page with the embedded models and one data folder."""
    server = Served(Settings(port=0, data={"birds": photographs}, max_pixels=4_000_000, max_file_size=2_000_000))
    assert set(server.services.models.states()) == set(EMBEDDED)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A script that calls the endpoints."""
    made = Client(served.url, verbose=False, download_files=str(tmp_path_factory.mktemp("answers")))
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Headless Chromium; without one, tests skip, or fail where VARS_REQUIRE_BROWSER=1 says that there must be one."""
    if CHROMIUM is None:
        words = "no Chromium was found: the page is not tested in a browser (Debian: apt-get install chromium)"
        if os.environ.get("VARS_REQUIRE_BROWSER") == "1":
            pytest.fail(words)
        pytest.skip(words)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", *CAMERA]
        )
        yield started
        started.close()
