"""``/dynamics``: how one head of a layer settles."""

from __future__ import annotations

from typing import Annotated, Any

import gradio as gr

from app.inference.models import DEFAULT_MODEL, DEFAULT_SIZE, sized
from app.inference.settling import SettlingOf
from app.page import inputs as given
from app.page.endpoint import declare, outputs, subject_of, told
from app.page.wiring import answered, session_of, traced, wait
from app.services import Services
from app.tabs.dynamics import words
from app.tabs.dynamics.figure import export


def build(services: Services) -> None:
    """The endpoint."""

    async def dynamics(
        image: given.Picture = None,
        photo: given.Photo = given.PHOTO,
        model: given.Model = DEFAULT_MODEL,
        layer: given.Layer = "",
        head: Annotated[float, given.whole("Head from 0; for VARS-S a block of 16 channels", minimum=0)] = 0,
        channel: Annotated[float, given.whole("Channel of the head from 0, whose codes are kept", minimum=0)] = 0,
        lam: Annotated[float, given.number("λ as a multiple of the layer's own", minimum=0)] = 1,
        bound: Annotated[
            float, given.number("L of ISTA as a multiple of the largest eigenvalue; below 0.5 it diverges")
        ] = 1,
        steps: Annotated[float, given.whole("T, steps 1..100", minimum=1, maximum=100)] = 40,
        alpha: Annotated[float, given.number("α of the circuit")] = 1,
        beta: Annotated[float, given.number("β of the circuit")] = 2,
        gamma: Annotated[float, given.number("γ of the circuit")] = 2,
        size: given.Size = DEFAULT_SIZE,
        request: gr.Request | None = None,
    ) -> Any:
        """How the codes of one head of a VARS layer settle: by the paper's circuit, ISTA, its own steps, attention.

        Returns a figure of the maps and curves at the last step, facts (λ, L, the optimum; objective, zero codes and
        distance to the optimum at every step of every way), and all curves, codes and maps as .npz.
        """
        session = session_of(request)
        rates = words.rates_of(lam, bound, steps, alpha, beta, gamma)
        subject = await subject_of(services, session, image, photo)
        result = await traced(services, session, subject, sized(model, size))
        if not result.has_dictionary:
            raise words.no_dictionary(result.model)
        asked = SettlingOf(layer or result.model.default_layer, int(head), int(channel), rates)
        made = await answered(services, session, subject, sized(model, size), asked)
        drawn = await wait(export, subject, made, rates.num_steps)
        return await told("dynamics", drawn, {**drawn.settings, **words.facts(made), "trained": made.model.trained})

    declare(services, dynamics, outputs("Figure"), "dynamics")
