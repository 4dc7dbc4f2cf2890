"""The page as a program meets it that keeps no rules: plain HTTP."""

from __future__ import annotations

import json
import secrets
from typing import Any

import httpx


class Visitor:
    """One session: uploads bytes under any name, calls endpoints with any data."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=120)
        self.session = secrets.token_hex(8)

    def upload(self, data: bytes, name: str = "photo.png", kind: str = "image/png") -> httpx.Response:
        """POST a file as the page does."""
        return self.http.post("gradio_api/upload", files={"files": (name, data, kind)})

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
