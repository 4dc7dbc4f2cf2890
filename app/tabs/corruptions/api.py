"""``/corrupt``: a photograph with a corruption; ``/attack``: one after an attack on a model's answer to it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from analysis.corruptions import NAMES
from app.inference.attacked import ATTACKS, AttackWith
from app.inference.models import DEFAULT_SIZE, sized
from app.page.endpoint import (
    MODEL,
    PHOTO,
    corruption_inputs,
    declare,
    map_inputs,
    model_input,
    photograph_inputs,
    picture_output,
    size_input,
    subject_of,
    written,
)
from app.page.wiring import attacked, session_of, traced, wait
from app.services import Services
from app.tabs.corruptions import attack_words
from app.views.exports import arrays_file
from app.views.look import LAST, Look, exact
from app.views.pictures import checked
from vars_core.readings import DEFAULT_READOUT


def build(services: Services) -> None:
    """The endpoints."""

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

    async def attack(
        image: str | None = None,
        photo: str = PHOTO,
        model: str = MODEL,
        name: str = "pgd",
        epsilon: float = 1,
        steps: float = 5,
        layer: str = "",
        readout: str = DEFAULT_READOUT,
        iteration: float = LAST,
        size: str = DEFAULT_SIZE,
        request: gr.Request | None = None,
    ) -> Any:
        """A photograph, moved by at most epsilon / 255 in every pixel that the model sees, so that the model's own
        answer to it becomes unlikely: projected gradient descent (pgd: a random start, steps of half an epsilon) or the
        fast gradient sign method (fgsm: one step).

        Returns a figure (clean, attacked, what was added magnified, both maps), facts (the likeliest class before and
        after and whether it changed, the largest change in 1/255, the loss of every step, the agreement of the maps)
        and the arrays as .npz.
        """
        session, wish = session_of(request), AttackWith(name, float(epsilon), int(steps))
        subject = await subject_of(services, session, image, photo)
        asked = sized(model, size)
        clean = await traced(services, session, subject, asked)
        seen = exact(Look(layer or None, readout, int(iteration)), [clean])
        found = await attacked(services, session, subject, asked, wish)
        made = await wait(attack_words.export, subject, clean, found, wish, seen, services.class_names)
        file = await wait(lambda: written(arrays_file("attack", made).data))
        return made.figure, made.settings, file

    kind = gr.Dropdown(list(ATTACKS), value="pgd", label="Attack", allow_custom_value=True)
    declare(
        attack,
        [
            *photograph_inputs(),
            model_input(),
            kind,
            gr.Number(1, label="Epsilon in 1/255"),
            gr.Number(5, label="Steps of pgd", precision=0),
            *map_inputs(),
            size_input(),
        ],
        [picture_output("Figure"), gr.JSON(label="Facts"), gr.File(label="Arrays (.npz)")],
        "attack",
    )
