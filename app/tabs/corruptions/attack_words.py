"""The attack of the Corruptions tab: the picture before and after, what was added, what becomes of answer and map."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.drawing import data_uri
from analysis.paper_figures.column import colour_bar, in_rows, pictures_figure
from app.inference.attacked import AttackedPicture, AttackWith
from app.inference.models import title
from app.inference.traced import Traced
from app.library.photographs import Subject, fitted, resized
from app.views import payload
from app.views.agreement import agreement_words
from app.views.answers import Names, answer, described
from app.views.exports import Export
from app.views.exports import described as described_view
from app.views.grids import PANEL_SIDE
from app.views.look import Look

GREY = 128
LABELS = "clean", "attacked"


def magnified(attacked: AttackedPicture, epsilon: float) -> np.ndarray:
    """What was added, uint8 (S, S, 3): grey is nothing, black and white are −ε and +ε (in 1/255)."""
    scale = (GREY - 1) / epsilon if epsilon else 0.0
    return np.clip(np.rint(GREY + scale * attacked.moved), 0, 255).astype(np.uint8)


def times(epsilon: float) -> str:
    """By how much that is magnified, in words."""
    return f"×{(GREY - 1) / epsilon:.3g}" if epsilon else "nothing was added"


def grid(
    subject: Subject,
    clean: Sequence[Traced],
    attacked: Sequence[AttackedPicture],
    attack: AttackWith,
    names: Names,
    look: Look,
) -> dict[str, Any]:
    """The viewer's payload: a row clean, a row attacked, a column a model, the answer under each."""
    picture = fitted(subject.display, PANEL_SIDE)
    rows = [(before, picture, "clean", answer(before, names), "") for before in clean]
    rows += [
        (
            after.traced,
            shaped(after.seen, picture),
            attack.words,
            answer(after.traced, names, before),
            agreement_words(before, after.traced, look),
        )
        for before, after in zip(clean, attacked, strict=True)
    ]
    panels = [
        payload.panel(shown, one, heading=f"{title(one.model.name)} — {said}", note=note, alt=said, answer=told)
        for one, shown, said, told, note in rows
    ]
    heads = [title(one.model.name) for one in clean]
    return payload.viewer(panels, columns=len(clean), heads=heads, rows=["clean", attack.words])


def perturbations(subject: Subject, attacked: Sequence[AttackedPicture], attack: AttackWith) -> str:
    """HTML: what was added to the picture for each model, magnified."""
    picture = fitted(subject.display, PANEL_SIDE)
    figures = "".join(
        f'<figure><img src="{data_uri(shaped(magnified(one, attack.epsilon), picture))}" alt="What was added">'
        f"<figcaption>{html.escape(added_words(one, attack))}</figcaption></figure>"
        for one in attacked
    )
    return f'<div class="perturbations">{figures}</div>'


def added_words(attacked: AttackedPicture, attack: AttackWith) -> str:
    """How large what was added is, for one model."""
    largest = float(np.abs(attacked.moved).max(initial=0))
    return (
        f"{title(attacked.traced.model.name)}: added at most {largest:.2f}/255, shown {times(attack.epsilon)}; loss "
        f"{attacked.losses[0]:.2f} → {attacked.losses[-1]:.2f}"
    )


def shaped(square: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """What a model saw as a square, in the picture's own shape."""
    return resized(square, picture.shape[0], picture.shape[1])


def export(
    subject: Subject, clean: Traced, attacked: AttackedPicture, attack: AttackWith, look: Look, names: Names
) -> Export:
    """One model: the picture before and after, what was added, and both maps, as a figure, arrays and facts."""
    picture = fitted(subject.display, PANEL_SIDE)
    after = attacked.traced
    told = [answer(clean, names), answer(after, names, clean)]
    pictures = [picture, shaped(attacked.seen, picture), shaped(magnified(attacked, attack.epsilon), picture)]
    captions = [f"{label}\n{one.words if one else ''}".rstrip() for label, one in zip(LABELS, told, strict=True)]
    captions.append(f"added, {times(attack.epsilon)}")
    arrays: dict[str, np.ndarray] = {"moved": attacked.moved, "seen": attacked.seen, "losses": attacked.losses}
    view: dict[str, Any] = {"attack": attack.name, "epsilon": attack.epsilon, "steps": attack.steps}
    if clean.layers:
        layer = clean.model.layer_or_default(look.layer)
        maps = [one.map(layer, look.readout, look.t) for one in (clean, after)]
        pictures += [
            look.painting.over(shown, one, clean.model.placement(*shown.shape[:2]), signed=look.signed)
            for shown, one in zip(pictures, maps, strict=False)
        ]
        captions += ["map of the clean picture", f"map of the attacked\n{agreement_words(clean, after, look)}"]
        arrays |= {"clean/map": maps[0], "attacked/map": maps[1]}
        view |= {"layer": layer, "readout": look.readout, "t": look.t}
    heading = f"{title(clean.model.name)} · {attack.words}"
    bars = [colour_bar(look.painting.of(look.signed), None)] if clean.layers else []
    drawing = pictures_figure(
        pictures, captions, columns=in_rows(len(pictures), 3), title=heading, footer="", bars=bars
    )
    facts = {
        "clean": described(told[0]),
        "attacked": described(told[1]),
        "largest": float(np.abs(attacked.moved).max(initial=0)),
        "losses": attacked.losses.tolist(),
        "agreement": agreement_words(clean, after, look),
    }
    settings = {**described_view([subject], [clean.model], view), **facts}
    return Export(drawing, PANEL_SIDE, arrays, settings)
