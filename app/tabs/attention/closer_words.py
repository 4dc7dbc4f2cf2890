"""What the closer look shows and says: maps of every head, what a token listens to, what speaks for a class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures import Line
from analysis.figures_page import small_chart
from analysis.metrics.faithfulness import area
from app.inference.closer import READOUTS, Curves
from app.inference.traced import Traced
from app.library.photographs import Subject
from app.tabs.attention.asked import A_CLASS, ALL_HEADS, CLASS_TOKEN, ONE_TOKEN, Asked
from app.views import payload
from vars_core.errors import InputError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MEANING = {
    ONE_TOKEN: (
        "What the token under the mark listens to: its row of the attention, or of the Jacobian of the unrolled "
        "reconstruction, the dictionary held fixed. Click on the picture to choose another token."
    ),
    CLASS_TOKEN: (
        "What the class token of a ViT listens to. Gap: its row of the attention, what users of DINO look at."
    ),
    A_CLASS: (
        "What speaks for this class: its logit in place of the mean output. Gap: how the logit moves with each token's "
        "values; contribution: the same times the values, as a size."
    ),
}
"""In place of what the readouts mean otherwise."""

WORDS_OF_OTHERS = {"attention rollout": "the product of all layers' attention, residuals included"}

EVERY_HEAD = "Each small picture is the map of one head of one layer; choose one by clicking on it."


def heading(asked: Asked, token: tuple[int, int] | None, called: str) -> str:
    """The title of the map."""
    if token is not None:
        return f"Token ({token[0]}, {token[1]}) listens to"
    if asked.whose == CLASS_TOKEN:
        return "The class token listens to"
    return f"For “{called}”" if asked.whose == A_CLASS else "All tokens together listen to"


def view(
    subject: Subject, traced: Traced, closer: Traced, title: str, layer: str, others: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """The payload of the closer look: the viewer's, and the maps of every head of the layers that were traced."""
    record = [
        {
            "name": one.name,
            "grid": list(one.grid),
            "maps": {readout: payload.record(values, readout) for readout, values in one.maps.items()},
            "heads": [
                {readout: payload.record(values[:, head], readout) for readout, values in one.heads.items()}
                for head in range(one.num_heads)
            ],
        }
        for one in closer.layers
    ]
    alt = f"{subject.photograph.title}: {title}"
    panel = payload.panel(subject.display, traced, heading=title, alt=alt)
    panels = [{**panel, "layers": [], "default_layer": layer}]
    for name, values in others.items():
        signed = bool(values.min() < 0)
        maps = {**payload.maps(values[None]), "signed": signed}
        scale = "blue, white at zero, vermilion" if signed else "dark, the least, to bright"
        alone = {
            "name": layer,
            "grid": list(values.shape),
            "maps": dict.fromkeys(READOUTS, maps),
            "words": f"{WORDS_OF_OTHERS.get(name, f'of layer {layer} output, by captum')}; {scale}",
        }
        panels.append({**panel, "title": name, "layers": [alone], "default_layer": layer})
    return {"view": payload.viewer(panels, columns=len(panels)), "layers": record}


def head_choices(count: int) -> list[tuple[str, str]]:
    """All heads, then each."""
    return [("all heads", ALL_HEADS), *((f"head {i}", str(i)) for i in range(count))]


def said(asked: Asked) -> tuple[str, ...]:
    """What the maps are of, sentence by sentence."""
    return (*([MEANING[asked.whose]] if asked.whose in MEANING else []), EVERY_HEAD)


def curve_figures(curves: Curves) -> list[Figure]:
    """Deletion and insertion of the shown map, a centred one and a random one."""
    return [
        small_chart(
            [
                Line(f"{name} {area(values):.3f}", name, np.linspace(0, 1, len(values)), values, dashed=name != "shown")
                for name, values in answers.items()
            ],
            title=title,
            x="share of pixels, highest first",
            bounds=(0, 1),
            height=300,
        )
        for title, answers in (
            ("Deletion: lower is better", curves.deletion),
            ("Insertion: higher is better", curves.insertion),
        )
    ]


def curve_words(called: str, steps: int) -> str:
    """What the curves are of."""
    return (
        f"The probability of “{called}” while pixels go, or come back, in the order of the map, in {steps} steps; "
        "beside each name the area under its curve. The other two maps have not seen the picture."
    )


def without(traced: Traced) -> InputError:
    """For a model without layers."""
    return InputError(f"{traced.model.name} has no attention layers: there are no heads to look at")
