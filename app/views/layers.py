"""The layers of a model as the page offers them."""

from __future__ import annotations

from app.inference.traced import ModelFacts, Traced


def layer_choices(model: ModelFacts, traced: Traced) -> list[tuple[str, str]]:
    """(what is read, name) for each layer, e.g. ("Stage 1, block 5 — 14×14", "0.4")."""
    grids = {layer.name: layer.grid for layer in traced.layers}
    choices = []
    for name in model.layers:
        stage, _, block = name.partition(".")
        height, width = grids[name]
        choices.append((f"Stage {int(stage) + 1}, block {int(block) + 1} — {height}×{width}", name))
    return choices


def layer_of(traced: Traced, wanted: str | None) -> str:
    """``wanted`` where this model has it, else its default layer."""
    return wanted if wanted in traced.model.layers else traced.model.default_layer
