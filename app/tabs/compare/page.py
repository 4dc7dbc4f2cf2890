"""The Compare tab: up to four models on the clean photograph and on corrupted ones, everything linked."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr

from app.inference.traced import Traced
from app.library.photographs import Corruption, Subject
from app.page import share
from app.page.changing_dropdown import ChangingDropdown
from app.page.choices import iteration_slider, layer_update, map_controls, several_models, weights_html
from app.page.shell import Shell
from app.page.viewer import map_viewer
from app.page.wiring import traced_corrupted, wait
from app.tabs.corruptions.words import CHOICES, checked
from app.views import grids
from app.views.exports import Export
from app.views.look import look

TAB = "compare"
CLEAN = "clean"


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            iteration = iteration_slider(TAB)
            viewer = map_viewer(TAB)
        with gr.Column(elem_classes="controls", scale=0) as controls:
            models = several_models(shell, TAB)
            weights = gr.HTML("", apply_default_css=False)
            pictures = gr.Dropdown(
                [(CLEAN, CLEAN), *CHOICES],
                value=[CLEAN],
                multiselect=True,
                max_choices=grids.MAX_PICTURES,
                label=f"Pictures (up to {grids.MAX_PICTURES})",
                elem_id="compare-pictures",
            )
            severity = gr.Slider(1, 5, value=3, step=1, label="Severity", elem_id="compare-severity")
            seed = gr.Number(0, label="Seed", precision=0, minimum=0, elem_id="compare-seed")
            reference = ChangingDropdown(
                [("none: show the maps", "none")], value="none", label="Difference to", elem_id="compare-reference"
            )
            maps = map_controls(TAB, iteration)

    async def run(
        session: str | None, ref: str, names: list[str], corruptions: list[Corruption | None]
    ) -> tuple[list[Subject], list[list[Traced]]]:
        grids.check_models(names)
        grids.check_pictures(corruptions)
        return await traced_corrupted(services, session, ref, corruptions, names)

    async def show(
        session: str | None,
        ref: str,
        names: list[str],
        chosen: list[str],
        degree: float,
        draw: float | None,
        layer: str | None,
        t: float,
        against: str | None,
    ) -> object:
        if not ref:
            return gr.skip()
        corruptions = wanted(chosen, degree, draw)
        subjects, results = await run(session, ref, names, corruptions)
        panels = grids.panel_names(names, corruptions)
        references = [("none: show the maps", "none"), *((name, str(i)) for i, name in enumerate(panels))]
        return (
            await wait(grids.grid, subjects, results),
            weights_html(results[0]),
            *layer_update(results[0], layer, t),
            gr.update(choices=references, value=against if against in {value for _, value in references} else "none"),
        )

    async def export(
        session: str | None,
        ref: str,
        names: list[str],
        chosen: list[str],
        degree: float,
        draw: float | None,
        against: str | None,
        *view: Any,
    ) -> Export:
        subjects, results = await run(session, ref, names, wanted(chosen, degree, draw))
        return await wait(partial(grids.export, reference=against), subjects, results, look(*view))

    with controls:
        view = {"models": models, "pictures": pictures, "severity": severity, "seed": seed, "reference": reference}
        share.build(shell, TAB, {**view, **maps.linked()}, export)
    shell.events.on(
        [photo.change, models.change, pictures.change, severity.release, seed.change],
        show,
        [photo, models, pictures, severity, seed, maps.layer, iteration, reference],
        [viewer, weights, maps.layer, iteration, reference],
        progress=viewer,
    )
    maps.connect(shell, TAB, reference=reference)


def wanted(chosen: list[str], severity: float, seed: float | None) -> list[Corruption | None]:
    """The pictures in the order in which they were chosen."""
    return [None if name == CLEAN else checked(name, severity, seed) for name in chosen]
