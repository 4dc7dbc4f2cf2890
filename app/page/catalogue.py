"""``/models``: what this server has."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.inference.models import DEFAULT_SIZE
from app.inference.traced import READOUTS
from app.library.photographs import MODEL_SIZES, SAMPLES
from app.page.endpoint import declare
from app.services import Services
from app.views.pictures import CHOICES
from vars_core.readouts import READOUTS as READOUT_TABLE

MAX_NAMED = 2000
"""Photographs of a data folder that the answer names."""


def build(services: Services) -> None:
    """The endpoint."""

    async def list_models() -> dict[str, Any]:
        """The models, samples and data folders of this server, and which models are loaded.

        ``folders`` counts the photographs of each data folder; ``photographs`` names the first 2,000 of each.
        """
        folders = services.folders.files
        return {
            "models": services.models.names,
            "states": services.models.states(),
            "trained": [name for name in services.models.names if services.models.trained(name)],
            "sizes": [DEFAULT_SIZE, *map(str, MODEL_SIZES)],
            "readouts": {name: READOUT_TABLE[name].words for name in READOUTS},
            "photographs": [f"sample:{one}" for one in SAMPLES]
            + [f"data:{folder}/{one}" for folder, files in folders.items() for one in files[:MAX_NAMED]],
            "folders": {folder: len(files) for folder, files in folders.items()},
            "corruptions": [one for _, one in CHOICES],
        }

    declare(services, list_models, [gr.JSON(label="Facts")], "models")
