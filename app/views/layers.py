"""The layers of a model as the page offers them."""

from __future__ import annotations

from app.inference.traced import ModelFacts, Traced


def layer_choices(model: ModelFacts, traced: Traced) -> list[tuple[str, str]]:
    """(what is read, name) for each layer, e.g. ("0.4 — 14×14 tokens", "0.4")."""
    return [(f"{name} — {traced.grids[name][0]}×{traced.grids[name][1]} tokens", name) for name in model.layers]


def layer_of(traced: Traced, wanted: str | None) -> str:
    """``wanted`` where this model has it, else its default layer."""
    return traced.model.layer_or_default(wanted)


def has_dictionary(traced: Traced) -> bool:
    """Whether the model's layers reconstruct: those, and no others, have an objective."""
    return any(layer.objective is not None for layer in traced.layers)
