"""A minute on how to read the page: what its steps say and point at. static/guide.js walks them.

A step points at a real part of the page, and what its name stands for in guide.js is done to that part meanwhile: the
token grid is drawn on the photograph, the iterate's slider moves.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


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


STEPS = (
    Step(
        "tokens",
        "The photograph becomes tokens",
        "A model looks at a photograph as a grid, here of {grid} squares. Each is a token: a list of numbers that says "
        "what is there. One of them is framed.",
        "#attention-viewer .viewer-panel .viewer-frame",
    ),
    Step(
        "rebuilds",
        "The layer rebuilds them",
        "A VARS layer rebuilds the tokens x as a sum Pu of patterns, its atoms. The codes u say how much of each atom "
        "is taken, and as many as possible should be zero. What is explained by the same atoms belongs together: that "
        "is how it attends. Each word of this line opens into its equation.",
        "#attention-pipeline",
        one_step="This model has attention in that place: every token takes the others' values at once, and rebuilds "
        "nothing. Choose a VARS model to see codes and iterates. Each word of this line opens into its equation.",
    ),
    Step(
        "iterates",
        "In steps, the iterates",
        "The codes are found step by step: t = 0 is the start, t = {last} is what the model goes on with. Codes that "
        "explain the same part inhibit each other, so the map changes from step to step: the slider is moving now.",
        "#attention-viewer .viewer-strip",
        one_step="This model has one step, so there is one map. A VARS model has a map for each of its iterates, and "
        "the slider below them moves through all.",
    ),
    Step(
        "settles",
        "Why the map settles",
        "Steps pay while they lower the objective: how badly the codes rebuild the tokens, plus a price for every "
        "code. The first step gains most. Then less and less moves, as ‖Δu‖ shows, and the map stays. Steps that were "
        "trained for good answers, like these, may end a little above the lowest point.",
        "#attention-charts",
        one_step="A VARS model shows here how its steps lower an objective, and how less and less moves. Attention has "
        "nothing to settle.",
    ),
    Step(
        "readout",
        "What its colours say",
        "The right end of the colour bar is where the chosen readout is high, of this layer, at this iterate. Which "
        "readout is your choice, and it matters. The “?” beside a control says what it does.",
        "#attention-readout",
    ),
    Step(
        "onwards",
        "Now you",
        "Take another photograph, or your own. Compare puts attention beside the VARS models, clean and in fog; "
        "Dynamics draws the settling itself.",
        "#tabs [role=tablist]",
        keys=(
            ("Space", "plays the iterates"),
            ("← →", "step through them"),
            ("? or F1", "explains the control that has the focus"),
            ("Esc", "closes what has opened"),
        ),
    ),
)

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
