"""``/models``: what this server has."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.inference.models import DEFAULT_SIZE, SIZES
from app.library.photographs import SAMPLES
from app.page.endpoint import declare
from app.services import Services
from app.views.pictures import CHOICES
from app.views.readouts import READOUT_WORDS


def build(services: Services) -> None:
    """The endpoint."""

    async def list_models() -> dict[str, Any]:
        """The models, samples and data folders of this server, and which models are loaded."""
        return {
            "models": services.models.names,
            "states": services.models.states(),
            "trained": [name for name in services.models.names if services.models.trained(name)],
            "sizes": [DEFAULT_SIZE, *map(str, SIZES)],
            "readouts": dict(READOUT_WORDS),
            "photographs": [f"sample:{one}" for one in SAMPLES]
            + [f"data:{folder}/{one}" for folder, files in services.data.items() for one in files],
            "corruptions": [one for _, one in CHOICES],
        }

    declare(services, list_models, [gr.JSON(label="Facts")], "models")
