"""What the page says of a model's weights."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import cache

from app.inference.models import title
from app.inference.traced import ModelFacts, Traced
from vars_core.embedded import embedded_card

UNTRAINED = "Untrained weights — the maps show the architecture, not learned attention."


def model_words(model: ModelFacts) -> str:
    """HTML: what the weights are."""
    if not model.trained:
        return f'<p class="notice">{html.escape(UNTRAINED)}</p>'
    return (
        f'<p class="fine">Trained weights <code>{html.escape(str(model.checkpoint_hash)[:12])}</code> · '
        f"{model.image_size}-pixel input{worth(model)}</p>"
    )


@cache
def worth(model: ModelFacts) -> str:
    """What weights that come with the project reach, as their card says: " · 200 classes, …"; "" of any others."""
    card = embedded_card(model.name)
    if card is None or card["sha256"] != model.checkpoint_hash:
        return ""
    measured = card["evaluation"]
    return html.escape(
        f" · {card['num_classes']} classes, top-1 {measured['top1']:.1%} on {measured['images']:,} images of "
        f"{measured['data'].replace('_', ' ')} at {card['image_size']} pixels"
    )


def several_words(results: Sequence[Traced]) -> str:
    """HTML: which of several models are untrained."""
    fresh = [title(result.model.name) for result in results if not result.model.trained]
    if not fresh:
        return ""
    who = "" if len(fresh) == len(results) else f" ({html.escape(', '.join(fresh))})"
    return f'<p class="notice">{UNTRAINED.replace("weights", f"weights{who}", 1)}</p>'


def figure_words(model: ModelFacts) -> str:
    """A line under a figure; nothing where the weights are trained."""
    return "" if model.trained else UNTRAINED
