"""The Fixations tab: components and wiring. What it computes is in `words`, `scores` and `export`."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import gradio as gr

from app.inference.models import EMBEDDED
from app.inference.traced import Traced
from app.library.fixation_library import FOLDERS, FixationLibrary
from app.library.fixation_points import MAX_LINKED, Points
from app.library.photographs import Photograph
from app.page import share
from app.page.choices import iteration_slider, layer_update, map_controls, model_choices
from app.page.rail import upload_button
from app.page.shell import Shell, fine, heading, unseen
from app.page.viewer import map_viewer
from app.page.wiring import traced, wait
from app.tabs.attention import words as attention
from app.tabs.fixations import export as fixation_export
from app.tabs.fixations import words as fixations
from app.tabs.fixations.scores import score
from app.tabs.fixations.tables import SUFFIXES, read_table
from app.views.exports import Export
from app.views.look import look
from vars_core.errors import InputError

TAB = "fixations"

FIRST = [("as is usual for the data", "usual"), ("dropped", "drop"), ("kept", "keep")]

ADD = f"(text, ref) => VARS.fixations.added('{TAB}', text, ref)"
UNDO = "text => VARS.fixations.undone(text)"
CLEAR = "text => VARS.fixations.cleared(text)"
LINKED = f"text => VARS.fixations.linked(text, {MAX_LINKED})"
"""Points change in the browser, as text of `Points.to_json`; the server only scores them."""

LINK_NOTE = f"A link names up to {MAX_LINKED} points that you placed; recorded ones come with their image."


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services, library = shell.services, shell.services.fixations
    photo = shell.follow(TAB)
    recorded = bool(library.layouts)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            viewer = map_viewer(TAB)
            with gr.Row():
                undo = gr.Button("Undo", size="sm", min_width=80, elem_id="fixations-undo")
                clear = gr.Button("Clear", size="sm", min_width=80, elem_id="fixations-clear")
                restore = gr.Button(
                    "As recorded", size="sm", min_width=80, visible=recorded, elem_id="fixations-recorded"
                )
                upload = upload_button("Upload a table", SUFFIXES, elem_id="fixations-upload")
            iteration = iteration_slider(TAB)
            words = gr.HTML(fine(fixations.NO_POINTS), apply_default_css=False, elem_id="fixations-scores")
            with gr.Row(elem_classes="charts"):
                charts = [gr.Plot(show_label=False, visible=False, elem_id=f"fixations-chart-{i}") for i in range(2)]
            listed = gr.HTML("", apply_default_css=False, elem_id="fixations-points-list")
            gr.HTML(fine(fixations.MEANING), apply_default_css=False)
        with gr.Column(elem_classes="controls", scale=0) as controls:
            image = gr.Dropdown(
                library.choices(),
                value=None,
                label="Image with recorded fixations",
                visible=recorded,
                elem_id="fixations-image",
            )
            first = gr.Radio(
                FIRST,
                value="usual",
                label="First fixation of each observer",
                visible=recorded,
                elem_id="fixations-first",
            )
            model = gr.Dropdown(model_choices(shell), value=EMBEDDED[0], label="Model", elem_id="fixations-model")
            weights = gr.HTML("", apply_default_css=False, elem_id="fixations-weights")
            maps = map_controls(TAB, iteration, shared="shared by all iterates")
            heading("A table of fixations")
            gr.HTML(fine(fixations.TABLE), apply_default_css=False)
    points, labels, linked = (unseen(f"fixations-{name}") for name in ("points", "labels", "linked"))
    redrawn = unseen("fixations-redrawn")  # another text each time the map under the same points is another one

    async def show(
        session: str | None, ref: str, name: str, wanted: str | None, t: float, text: str, drop: str, link: str
    ) -> object:
        if not ref:
            return gr.skip()
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)
        known = Points.from_json(text).ref == ref
        found = None if known else await wait(starting_points, library, ref, drop, "" if text else link)
        return (
            await wait(fixations.view, subject, result),
            attention.model_words(result.model),
            *layer_update([result], wanted, t),
            found.to_json() if found else gr.skip(),
            gr.skip() if found else secrets.token_hex(4),
        )

    async def rescore(
        session: str | None, ref: str, name: str, wanted: str | None, readout: str, t: float, text: str
    ) -> object:
        given = Points.from_json(text)
        if not ref or given.ref != ref:
            return gr.skip()
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)  # kept from when the map was drawn: no model runs
        return await wait(scored, subject.photograph, result, wanted, readout, t, given)

    async def restored(session: str | None, ref: str, drop: str) -> object:
        found = await wait(library.recorded, ref, drop)
        if found is None:
            raise InputError("no fixations are recorded for this photograph: choose an image of a fixation data set")
        return found.to_json()

    async def uploaded(session: str | None, path: str | None, ref: str) -> object:
        if not (path and ref):
            return gr.skip()
        photograph = await wait(services.photograph, session, ref)
        found = await wait(read_table, Path(path), ref, photograph.title, photograph.height, photograph.width)
        return found.to_json()

    async def export(session: str | None, ref: str, name: str, *values: Any) -> Export:
        *view, drop, _, text = values
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)
        given = Points.from_json(text)
        given = given if given.ref == ref else Points(ref)
        return await wait(fixation_export.export, subject, result, look(*view), given, drop)

    with controls:
        view = {"model": model, **maps.linked(), "first": first, "points": linked}
        share.build(shell, TAB, view, export, also=[points])
        gr.HTML(fine(LINK_NOTE), apply_default_css=False)
    events = shell.events
    events.on(
        [photo.change, model.change],
        show,
        [photo, model, maps.layer, iteration, points, first, linked],
        [viewer, weights, maps.layer, iteration, points, redrawn],
        progress=viewer,
    )
    events.on(
        [points.change, redrawn.change, maps.layer.input, maps.readout.change, iteration.change],
        rescore,
        [photo, model, maps.layer, maps.readout, iteration, points],
        [words, listed, labels, *charts],
        quiet=True,
    )
    events.on([restore.click], restored, [photo, first], points)
    events.on([first.input], restored, [photo, first], points, quiet=True)
    events.on([upload.upload], uploaded, [upload, photo], points)
    viewer.select(fn=None, inputs=[points, photo], outputs=points, js=ADD)
    undo.click(fn=None, inputs=points, outputs=points, js=UNDO)
    clear.click(fn=None, inputs=points, outputs=points, js=CLEAR)
    points.change(fn=None, inputs=points, outputs=linked, js=LINKED)
    image.input(fn=None, inputs=[image, shell.photo], outputs=shell.photo, js="(image, old) => image || old")
    own = json.dumps([f"data:{name}/{FOLDERS[layout]}/" for name, layout in library.layouts.items()])
    photo.change(
        fn=None, inputs=photo, outputs=image, js=f"ref => {own}.some(start => ref.startsWith(start)) ? ref : null"
    )
    maps.connect(shell, TAB, points=points, labels=labels)


def starting_points(library: FixationLibrary, ref: str, first: str, link: str) -> Points:
    """What a photograph that was just chosen starts with: the points of a link, else those recorded for it, if any."""
    if link:
        try:
            return Points.from_link(ref, link)
        except InputError as error:
            return Points(ref, notes=(f"The points of this link are left out: {error}.",), recorded=True)
    return library.recorded(ref, first) or Points(ref, recorded=True)


def scored(
    photograph: Photograph, result: Traced, wanted: str | None, readout: str, t: float, given: Points
) -> tuple[object, ...]:
    """The words, the list of points, their labels and the two charts."""
    if not result.layers:
        return "", "", "", gr.update(visible=False), gr.update(visible=False)
    layer = attention.layer_of(result, wanted)
    step = min(int(t), result.layer(layer).num_steps)
    scores = score(photograph.height, photograph.width, result, layer, readout, step, given)
    drawn = fixations.figures(result, scores) if scores is not None else (None, None)
    return (
        fixations.score_words(result, step, given, scores),
        fixations.point_words(given, scores),
        fixations.labels(scores),
        *(gr.update(value=figure, visible=figure is not None) for figure in drawn),
    )
