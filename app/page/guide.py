"""A minute on how to read the page: what its steps say and point at (static/guide.json). static/guide.js walks them.

A step points at a real part of the page, and what its name stands for in guide.js is done to that part meanwhile: the
token grid is drawn on the photograph, the iterate's slider moves.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from app.page import assets


@dataclass(frozen=True)
class Step:
    """``words``: plain, with {grid} for the tokens of the shown layer and {last} for its last iterate.

    ``at``: a CSS selector of what is pointed at. ``one_step``: the words for a model that does not iterate, "" where
    they are the same. ``keys``: keys and what they do.
    """

    name: str
    heading: str
    words: str
    at: str
    one_step: str = ""
    keys: tuple[tuple[str, str], ...] = ()


STEPS = tuple(Step(**step) for step in json.loads((assets.OWN / "guide.json").read_text(encoding="utf-8")))

LINK = "How to read this page"

OFFER = """
<p class="guide-offer">New here? A minute shows what the map is.
  <button type="button" onclick="VARS.guide.open(this)">Show me</button>
  <button type="button" aria-label="No, thank you" onclick="VARS.guide.declined()">×</button>
</p>
"""
"""Shown on the first visit alone."""


def head() -> str:
    """HTML for the page's head: the steps."""
    steps = json.dumps([asdict(step) for step in STEPS], ensure_ascii=False, separators=(",", ":"))
    return "<script>VARS.guide.of({});</script>".format(steps.replace("</", "<\\/"))
