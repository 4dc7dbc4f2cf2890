"""What scripts and MCP clients may call: named, typed endpoints. Everything else on the page is private.

One module a family of endpoints. A picture is a file, or the name of a photograph that the server has ("sample:cat",
"data:NAME/path.jpg").
"""

from __future__ import annotations

import gradio as gr

from app.api import dictionary, fixations, maps, models, runs, segmentation
from app.services import Services

FAMILIES = (models.build, maps.build, dictionary.build, fixations.build, segmentation.build, runs.build)


def build(services: Services) -> None:
    """The endpoints, on components that are never rendered."""
    with gr.Column(visible=False):
        for family in FAMILIES:
            family(services)
