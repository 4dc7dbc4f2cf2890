"""The attack beside the corruptions: controls, a viewer of its own, and their events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr
from gradio.components.base import Component

from app.inference.attacked import ATTACKS, AttackWith
from app.inference.models import sized
from app.library.photographs import Subject
from app.page.choices import MapControls
from app.page.events import Updates
from app.page.shell import Shell, fine, heading
from app.page.viewer import map_viewer
from app.page.wiring import answered, traced_all, wait
from app.tabs.corruptions import attack_words
from app.views import grids
from app.views.look import Look

OFF = "off"
VIEWER = "attack"


@dataclass(frozen=True)
class AttackControls:
    """``section``: what is shown while there is an attack."""

    attack: gr.Radio
    epsilon: gr.Slider
    steps: gr.Slider
    section: gr.Column
    viewer: gr.HTML
    added: gr.HTML

    def linked(self) -> dict[str, Component]:
        """By the names that they have in a link."""
        return {"attack": self.attack, "epsilon": self.epsilon, "steps": self.steps}


def sheet() -> tuple[gr.Column, gr.HTML, gr.HTML]:
    """The section, its viewer, and what was added; among the pictures of the tab."""
    with gr.Column(visible=False) as section:
        heading("Attack")
        added = gr.HTML("", apply_default_css=False, elem_id="attack-added")
        viewer = map_viewer(VIEWER)
    return section, viewer, added


def controls(shown: tuple[gr.Column, gr.HTML, gr.HTML]) -> AttackControls:
    """Among the controls of the tab."""
    heading("Attack")
    offers = [(OFF, OFF), *((words, name) for name, words in ATTACKS.items())]
    attack = gr.Radio(offers, value=OFF, label="Attack the clean photograph by", elem_id="attack-name")
    epsilon = gr.Slider(0, 16, value=1, step=0.5, label="ε, in 1/255", elem_id="attack-epsilon")
    steps = gr.Slider(1, 20, value=5, step=1, label="PGD steps of ε / 2", elem_id="attack-steps")
    gr.HTML(fine("Against the model's own answer, in the pixels that it sees (L∞)."), apply_default_css=False)
    return AttackControls(attack, epsilon, steps, *shown)


def connect(
    shell: Shell, photo: gr.Textbox, models: gr.Dropdown, size: gr.Dropdown, maps: MapControls, parts: AttackControls
) -> None:
    """What happens when an attack is asked for."""
    services = shell.services

    async def show(
        session: str | None,
        photo: str,
        models: Sequence[str],
        size: str,
        attack: str,
        epsilon: float,
        steps: float,
        layer: str | None,
        readout: str,
        t: float,
    ) -> Updates | None:
        if attack == OFF:
            return {"section": gr.update(visible=False)}
        wish = AttackWith(attack, float(epsilon), int(steps))
        grids.check_models(models)
        asked = [sized(one, size) for one in models]
        subject = Subject(await wait(services.photograph, session, photo))
        (clean,) = await traced_all(services, session, [subject], asked)
        answers = await asyncio.gather(*(answered(services, session, subject, one, wish) for one in asked))
        look = Look(layer, readout, int(t))
        return {
            "section": gr.update(visible=True),
            "viewer": await wait(attack_words.grid, subject, clean, answers, wish, services.class_names, look),
            "added": await wait(attack_words.perturbations, subject, answers, wish),
        }

    shell.events.on(
        [
            photo.change,
            models.change,
            size.change,
            parts.attack.change,
            parts.epsilon.release,
            parts.steps.release,
            maps.layer.input,
            maps.readout.input,
            maps.t.release,
        ],
        show,
        {
            "photo": photo,
            "models": models,
            "size": size,
            **parts.linked(),
            "layer": maps.layer,
            "readout": maps.readout,
            "t": maps.t,
        },
        {"section": parts.section, "viewer": parts.viewer, "added": parts.added},
        progress=parts.viewer,
    )
    maps.connect(shell, VIEWER)
