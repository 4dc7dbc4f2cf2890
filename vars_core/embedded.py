"""The weights that come with the project: one file for each model, and the files are the list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vars_core.assets import ASSETS
from vars_core.spec import BACKBONES

FOLDER = ASSETS / "weights"
"""One .safetensors per model, named <backbone>_<mixer>."""


def embedded_weights(spec: str) -> Path | None:
    """The file that comes with the project for ``spec``, or None."""
    path = FOLDER / f"{spec.replace('/', '_')}.safetensors"
    return path if path.is_file() else None


def embedded_card(spec: str) -> dict[str, Any] | None:
    """The card of the weights that come with the project for ``spec``: data, recipe and accuracy; None without them."""
    weights = embedded_weights(spec)
    return None if weights is None else json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))


def embedded_models() -> tuple[str, ...]:
    """The specs that weights come with, in alphabetical order."""
    stems = sorted(file.stem for file in FOLDER.glob("*.safetensors"))
    return tuple(
        f"{backbone}/{stem.removeprefix(f'{backbone}_')}"
        for stem in stems
        for backbone in BACKBONES
        if stem.startswith(f"{backbone}_")
    )
