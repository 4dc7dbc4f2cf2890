"""``/corrupt``: a photograph with a corruption."""

from __future__ import annotations

from typing import Any

import gradio as gr

from analysis.corruptions import NAMES
from app.page.endpoint import PHOTO, corruption_inputs, declare, photograph_inputs, picture_output, subject_of
from app.page.wiring import session_of, wait
from app.services import Services
from app.views.pictures import checked


def build(services: Services) -> None:
    """The endpoint."""

    async def corrupt(
        image: str | None = None,
        photo: str = PHOTO,
        name: str = "fog",
        severity: float = 3,
        seed: float = 0,
        request: gr.Request | None = None,
    ) -> Any:
        """A photograph with a corruption of ImageNet-C, drawn at its scale (short side 256 pixels)."""
        subject = await subject_of(services, session_of(request), image, photo, checked(name, severity, seed))
        return await wait(lambda: subject.display)

    name = gr.Dropdown(list(NAMES), value="fog", label="Corruption", allow_custom_value=True)
    declare(corrupt, [*photograph_inputs(), name, *corruption_inputs()], [picture_output("Picture")], "corrupt")
