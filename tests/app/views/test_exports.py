"""Files that a visitor takes along."""

from __future__ import annotations

import io
import json

import numpy as np

from app.tabs.attention.export import export
from app.views.exports import KINDS, Downloads, settings_file
from app.views.look import Look
from tests.app.made import subject, traced


def test_every_kind_of_download_opens_again() -> None:
    made = export(subject(), traced(), Look())
    files = {kind: make("attention", made) for kind, (_, make) in KINDS.items()}
    assert files["figure"].data.startswith(b"\x89PNG")
    assert json.loads(files["settings"].data)["view"]["t"] == 0
    with np.load(io.BytesIO(files["arrays"].data)) as arrays:
        assert np.array_equal(arrays["map"], made.arrays["map"])
        assert json.loads(str(arrays["settings"])) == json.loads(files["settings"].data)


def test_a_download_is_known_by_its_token_alone() -> None:
    downloads = Downloads()
    file = settings_file("attention", export(subject(), traced(), Look()))
    token = downloads.offer(file)
    assert downloads.take(token) is file
    assert downloads.take(token[:-1]) is None
