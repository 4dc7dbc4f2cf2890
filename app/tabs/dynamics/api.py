"""``/dynamics``: how one head of a layer settles."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.inference.models import DEFAULT_SIZE, sized
from app.inference.tasks import SettlingOf
from app.page.endpoint import (
    MODEL,
    PHOTO,
    declare,
    layer_input,
    model_input,
    photograph_inputs,
    picture_output,
    size_input,
    subject_of,
    written,
)
from app.page.wiring import session_of, settling_of, traced, wait
from app.services import Services
from app.tabs.dynamics import words
from app.views.exports import arrays_file
from app.views.layers import layer_of


def build(services: Services) -> None:
    """The endpoint."""

    async def dynamics(
        image: str | None = None,
        photo: str = PHOTO,
        model: str = MODEL,
        layer: str = "",
        head: float = 0,
        channel: float = 0,
        lam: float = 1,
        bound: float = 1,
        steps: float = 40,
        alpha: float = 1,
        beta: float = 2,
        gamma: float = 2,
        size: str = DEFAULT_SIZE,
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
        if not words.has_dictionary(result):
            raise words.no_dictionary(result.model)
        asked = SettlingOf(layer or layer_of(result, None), int(head), int(channel), rates)
        made = await settling_of(services, session, subject, sized(model, size), asked)
        export = await wait(words.export, subject, made, rates.num_steps)
        facts = {**export.settings, **words.facts(made), "trained": made.model.trained}
        return export.figure, facts, await wait(written, arrays_file("dynamics", export).data)

    declare(
        dynamics,
        [
            *photograph_inputs(),
            model_input(),
            layer_input(),
            gr.Number(0, label="Head from 0; for VARS-S a block of 16 channels", precision=0),
            gr.Number(0, label="Channel of the head from 0, whose codes are kept", precision=0),
            gr.Number(1, label="λ as a multiple of the layer's own"),
            gr.Number(1, label="L of ISTA as a multiple of the largest eigenvalue; below 0.5 it diverges"),
            gr.Number(40, label="T, steps 1..100", precision=0),
            gr.Number(1, label="α of the circuit"),
            gr.Number(2, label="β of the circuit"),
            gr.Number(2, label="γ of the circuit"),
            size_input(),
        ],
        [picture_output("Figure"), gr.JSON(label="Facts"), gr.File(label="Arrays (.npz)")],
        "dynamics",
    )
