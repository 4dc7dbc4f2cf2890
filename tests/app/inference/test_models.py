"""The models that the page offers."""

from __future__ import annotations

from app.inference.models import EMBEDDED
from vars_core.spec import RVT_MIXERS


def test_every_mixer_of_the_family_is_embedded_once() -> None:
    assert sorted(EMBEDDED) == sorted(f"rvt_nano/{mixer}" for mixer in RVT_MIXERS)
