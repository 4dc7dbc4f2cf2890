"""``/corrupt``: a photograph with a corruption; ``/attack``: one after an attack on a model's answer to it."""

from __future__ import annotations

from typing import Annotated, Any

import gradio as gr

from app.inference.attacked import ATTACKS, MAX_EPSILON, MAX_STEPS, AttackWith
from app.inference.models import DEFAULT_MODEL, DEFAULT_SIZE, sized
from app.page import inputs as given
from app.page.endpoint import declare, outputs, picture_output, subject_of, told
from app.page.wiring import answered, session_of, traced, wait
from app.services import Services
from app.tabs.corruptions import attack_words
from app.views.look import LAST, Look, exact
from app.views.pictures import checked
from vars_core.readings import DEFAULT_READOUT


def build(services: Services) -> None:
    """The endpoints."""

    async def corrupt(
        image: given.Picture = None,
        photo: given.Photo = given.PHOTO,
        name: given.CorruptionName = "fog",
        severity: given.Severity = 3,
        seed: given.Seed = 0,
        request: gr.Request | None = None,
    ) -> Any:
        """A photograph with a corruption of ImageNet-C, drawn at its scale (short side 256 pixels)."""
        subject = await subject_of(services, session_of(request), image, photo, checked(name, severity, seed))
        return await wait(lambda: subject.display)

    declare(services, corrupt, [picture_output("Picture")], "corrupt")

    async def attack(
        image: given.Picture = None,
        photo: given.Photo = given.PHOTO,
        model: given.Model = DEFAULT_MODEL,
        name: Annotated[str, given.name_of(ATTACKS, "Attack")] = "pgd",
        epsilon: Annotated[float, given.number("Epsilon in 1/255", minimum=0, maximum=MAX_EPSILON)] = 1,
        steps: Annotated[float, given.whole("Steps of pgd", minimum=1, maximum=MAX_STEPS)] = 5,
        layer: given.Layer = "",
        readout: given.ReadoutName = DEFAULT_READOUT,
        iteration: given.Iteration = LAST,
        size: given.Size = DEFAULT_SIZE,
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
        answer = await answered(services, session, subject, asked, wish)
        made = await wait(attack_words.export, subject, clean, answer, wish, seen, services.class_names)
        return await told("attack", made, made.settings)

    declare(services, attack, outputs("Figure"), "attack")
