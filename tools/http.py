"""The page as a program meets it that keeps no rules: plain HTTP."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from analysis.colour_maps import DEFAULT
from analysis.token_drawing import SMOOTH
from app.inference.models import DEFAULT_SIZE
from vars_core.errors import InputError


class Visitor:
    """One session: uploads bytes under any name, calls endpoints with any data."""

    def __init__(self, url: str) -> None:
        # Reading the system's certificates takes longer than a request, and there is nothing to verify here.
        self.http = httpx.Client(base_url=url, timeout=120, verify=False)
        self.session = secrets.token_hex(8)

    def upload(self, data: bytes, name: str = "photo.png", kind: str = "image/png") -> httpx.Response:
        """POST a file as the page does."""
        return self.http.post("gradio_api/upload", files={"files": (name, data, kind)})

    @contextmanager
    def present(self) -> Iterator[None]:
        """Be there as an open page is, by a stream that stays open; then leave for good."""
        with self.http.stream("GET", f"gradio_api/heartbeat/{self.session}", timeout=None):
            yield
        self.http.close()

    def attention(
        self,
        image: dict[str, Any] | None = None,
        photo: str = "sample:cat",
        model: str = "rvt_nano/vars_d",
        readout: str = "stream",
        iteration: int = 3,
    ) -> tuple[bool, Any]:
        """The endpoint ``/attention``, as `call` answers."""
        look = [readout, iteration, 0.6, "map", DEFAULT_SIZE, DEFAULT.name, SMOOTH.name]
        return self.call("attention", [image, photo, model, "", *look])

    def call(self, endpoint: str, data: list[Any]) -> tuple[bool, Any]:
        """(did it succeed, the answer or the message)."""
        joined = self.http.post(f"gradio_api/call/{endpoint}", json={"data": data, "session_hash": self.session})
        if joined.status_code != 200:
            return False, joined.text
        event = joined.json()["event_id"]
        with self.http.stream("GET", f"gradio_api/call/{endpoint}/{event}") as stream:
            outcome = ""
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    outcome = line.removeprefix("event: ")
                elif line.startswith("data: ") and outcome in ("complete", "error"):
                    return outcome == "complete", json.loads(line.removeprefix("data: "))
        return False, "the stream ended"


def file_data(path: str) -> dict[str, Any]:
    """A reference to a file on the server, as the page sends it."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def local(url: str) -> str:
    """The address, if it is one of this machine: what sends many requests is not to be pointed at anybody else."""
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise InputError(f"expected the address of a page on this machine, got {url}")
    return url if url.endswith("/") else url + "/"
