"""The page behind a reverse proxy that serves it under a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client

from app.serving.settings import Settings
from tests.app.browser import opened, pixels, wait_for_change, wait_for_map
from tests.app.made import encoded, picture
from tests.app.proxy import Proxy
from tests.app.served import Served

pytestmark = pytest.mark.browser


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    served = Served(Settings(root_path="/vars"))
    made = Proxy(served.url, "/vars")
    yield made
    made.stop()
    served.stop()


def test_everything_is_found_under_the_path(browser: Any, proxy: Proxy, tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes(encoded(picture(90, 120)))
    with opened(browser, proxy.url) as page:
        wait_for_map(page)
        page.get_by_text("5 models ready").wait_for()
        before = pixels(page)
        page.locator("#drop input[type=file]").set_input_files(str(tmp_path / "mine.png"))
        wait_for_change(page, before)
        with page.expect_download() as download:
            page.locator("#attention-figure").click()
        assert download.value.suggested_filename == "vars-attention.png"
        assert page.evaluate("location.pathname") == "/vars/"
        assert proxy.missed == []
    assert proxy.missed == []
    client = Client(proxy.url, verbose=False)
    assert "rvt_nano/vars_d" in client.predict(api_name="/models")["models"]
    assert proxy.missed == []
