"""The Fixations tab: components and wiring."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import gradio as gr

from analysis.colour_maps import sequential
from app.inference.traced import Traced
from app.library.fixation_library import FixationLibrary
from app.library.fixation_points import MAX_LINKED, Points
from app.library.photographs import Photograph
from app.page import share
from app.page.choices import iteration_slider, layer_update, map_controls, model_and_size, tell_model
from app.page.events import Updates, in_browser
from app.page.rail import upload_button
from app.page.shell import Shell, fine, heading, unseen
from app.page.viewer import map_viewer
from app.page.wiring import subject_traced, wait
from app.tabs.fixations import density, words
from app.tabs.fixations.export import export
from app.tabs.fixations.scores import score
from app.tabs.fixations.tables import SUFFIXES, table_points
from app.views.exports import Export
from app.views.look import look
from app.views.weights import model_words
from vars_core.errors import InputError

TAB = "fixations"
CHARTS = ("chart-0", "chart-1")

FIRST = [("as is usual for the data", "usual"), ("dropped", "drop"), ("kept", "keep")]

ADD = f"({{points, photo}}) => ({{points: VARS.fixations.added('{TAB}', points, photo)}})"
UNDO = "({points}) => ({points: VARS.fixations.undone(points)})"
CLEAR = "({points}) => ({points: VARS.fixations.cleared(points)})"
RECOLOUR = "({colours, points}) => (points ? {recoloured: colours} : {})"
LINKED = f"({{points}}) => ({{linked: VARS.fixations.linked(points, {MAX_LINKED})}})"
"""Points change in the browser, as text of `Points.to_json`; the server only scores them."""

LINK_NOTE = f"A link names up to {MAX_LINKED} points that you placed; recorded ones come with their image."


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services, library = shell.services, shell.services.fixations
    photo = shell.follow(TAB)
    recorded = bool(library.layouts)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            with gr.Row(elem_classes="map-and-people"):
                viewer = map_viewer(TAB)
                people = gr.HTML("", apply_default_css=False, elem_id="fixations-density", elem_classes="density")
            with gr.Row(elem_id="fixations-placing"):
                undo = gr.Button("Undo", size="sm", min_width=80, elem_id="fixations-undo")
                clear = gr.Button("Clear", size="sm", min_width=80, elem_id="fixations-clear")
                restore = gr.Button(
                    "As recorded", size="sm", min_width=80, visible=recorded, elem_id="fixations-recorded"
                )
                upload = upload_button("Upload a table", SUFFIXES, elem_id="fixations-upload")
            iteration = iteration_slider(TAB)
            scores = gr.HTML(fine(words.NO_POINTS), apply_default_css=False, elem_id="fixations-scores")
            with gr.Row(elem_classes="charts"):
                charts = {name: gr.Plot(show_label=False, visible=False, elem_id=f"{TAB}-{name}") for name in CHARTS}
            listed = gr.HTML("", apply_default_css=False, elem_id="fixations-points-list")
            gr.HTML(fine(words.MEANING), apply_default_css=False)
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
            model, size = model_and_size(shell, TAB)
            weights = gr.HTML("", apply_default_css=False, elem_id="fixations-weights")
            maps = map_controls(shell, TAB, iteration, shared="shared by all iterates")
            heading("A table of fixations")
            gr.HTML(fine(words.TABLE), apply_default_css=False)
    points, labels, linked = (unseen(f"fixations-{name}") for name in ("points", "labels", "linked"))
    recoloured = unseen("fixations-recoloured")  # the colours once others were chosen while there are points
    redrawn = unseen("fixations-redrawn")  # another text each time the map under the same points is another one

    async def show(
        session: str | None,
        photo: str,
        model: str,
        size: str,
        layer: str | None,
        t: float,
        points: str,
        first: str,
        linked: str,
    ) -> Updates | None:
        subject, result = await subject_traced(services, session, photo, model, size)
        shown = {
            "viewer": await wait(words.view, subject, result),
            "weights": model_words(result.model),
            **layer_update([result], layer, t),
        }
        if Points.from_json(points).ref == photo:
            return {**shown, "redrawn": secrets.token_hex(4)}
        start = await wait(starting_points, library, photo, first, "" if points else linked)
        return {**shown, "points": start.to_json()}

    async def rescore(
        session: str | None, photo: str, model: str, size: str, layer: str | None, readout: str, t: float, points: str
    ) -> Updates | None:
        given = Points.from_json(points)
        if given.ref != photo:
            return None
        # Kept from when the map was drawn: no model runs.
        subject, result = await subject_traced(services, session, photo, model, size)
        return await wait(scored, subject.photograph, result, layer, readout, t, given)

    async def blurred(session: str | None, photo: str, points: str, colours: str) -> Updates | None:
        given = Points.from_json(points)
        if given.ref != photo:
            return None
        photograph = await wait(services.photograph, session, photo)
        return {"density": await wait(density.words, photograph, given, sequential(colours))}

    async def restored(session: str | None, photo: str, first: str) -> Updates:
        recording = await wait(library.recorded, photo, first)
        if recording is None:
            raise InputError("no fixations are recorded for this photograph: choose an image of a fixation data set")
        return {"points": recording.to_json()}

    async def uploaded(session: str | None, path: str | None, photo: str) -> Updates | None:
        if not (path and photo):
            return None
        photograph = await wait(services.photograph, session, photo)
        table = await wait(table_points, Path(path), photo, photograph.title, photograph.height, photograph.width)
        return {"points": table.to_json()}

    async def exported(
        session: str | None, photo: str, model: str, size: str, first: str, text: str, **view: Any
    ) -> Export:
        subject, result = await subject_traced(services, session, photo, model, size)
        given = Points.from_json(text)
        del view["points"]  # of a link; the text has all of them
        return await wait(export, subject, result, look(**view), given if given.ref == photo else Points(photo), first)

    with controls:
        view = {"model": model, "size": size, **maps.linked(), "first": first, "points": linked}
        share.build(shell, TAB, view, exported, also={"text": points})
        gr.HTML(fine(LINK_NOTE), apply_default_css=False)
    events = shell.events
    which = {"photo": photo, "model": model, "size": size, "layer": maps.layer, "t": iteration, "points": points}
    events.on(
        [photo.change, model.change, size.change],
        show,
        {**which, "first": first, "linked": linked},
        {
            "viewer": viewer,
            "weights": weights,
            "layer": maps.layer,
            "t": iteration,
            "points": points,
            "redrawn": redrawn,
        },
        progress=viewer,
        back=("model", "size"),
    )
    events.on(
        [points.change, redrawn.change, maps.layer.input, maps.readout.change, iteration.change],
        rescore,
        {**which, "readout": maps.readout},
        {"scores": scores, "list": listed, "labels": labels, **charts},
        quiet=True,
    )
    given = {"points": points}
    shown_in = {"colours": shell.appearance.colours, **given}
    in_browser([shell.appearance.colours.change], RECOLOUR, shown_in, {"recoloured": recoloured})
    asked = {"photo": photo, **shown_in}
    events.on([points.change, recoloured.change], blurred, asked, {"density": people}, quiet=True)
    recording = {"photo": photo, "first": first}
    events.on([restore.click], restored, recording, given)
    events.on([first.input], restored, recording, given, quiet=True)
    events.on([upload.upload], uploaded, {"path": upload, "photo": photo}, given)
    in_browser([viewer.select], ADD, {**given, "photo": photo}, given)
    in_browser([undo.click], UNDO, given, given)
    in_browser([clear.click], CLEAR, given, given)
    in_browser([points.change], LINKED, given, {"linked": linked})
    chosen = {"image": image, "photo": shell.photo}
    in_browser([image.input], "({image, photo}) => ({photo: image || photo})", chosen, {"photo": shell.photo})
    own = json.dumps([f"data:{name}/{layout.photographs}/" for name, layout in library.layouts.items()])
    in_browser(
        [photo.change],
        f"({{photo}}) => ({{image: {own}.some(start => photo.startsWith(start)) ? photo : null}})",
        {"photo": photo},
        {"image": image},
    )
    tell_model(TAB, model, size)
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
) -> Updates:
    """The words, the list of points, their labels and the two charts."""
    if not result.layers:
        return {"scores": "", "list": "", "labels": "", **{name: gr.update(visible=False) for name in CHARTS}}
    layer = result.model.layer_or_default(wanted)
    step = min(int(t), result.layer(layer).num_steps)
    scores = score(photograph.height, photograph.width, result, layer, readout, step, given)
    figures = words.figures(result, scores) if scores is not None else (None, None)
    return {
        "scores": words.score_words(result, step, given, scores),
        "list": words.point_words(given, scores),
        "labels": words.labels(scores),
        **{
            name: gr.update(value=figure, visible=figure is not None)
            for name, figure in zip(CHARTS, figures, strict=True)
        },
    }
