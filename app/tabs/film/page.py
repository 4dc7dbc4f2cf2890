"""The Film tab: components and wiring."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.inference.work import BusyError
from app.library.clips import SUFFIXES, Clip, read_shot, squared
from app.page import animations, share
from app.page.assets import page_html
from app.page.choices import map_controls, model_and_size, tell_model
from app.page.events import Updates, in_browser
from app.page.rail import upload_button
from app.page.shell import Shell, fine, heading, unseen
from app.page.viewer import Viewer, scripted
from app.page.wiring import sentence, wait
from app.tabs.film import figure, words
from app.tabs.film.frames import MAX_CAMERAS, last_map, mapped, turn
from app.views.exports import Export
from app.views.look import look
from vars_core.errors import InputError

TAB = "film"

LINK_NOTE = "A link holds no video: it opens with the pan over its photograph."


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services, cameras = shell.services, asyncio.Semaphore(MAX_CAMERAS)
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            film = scripted("film-frames", page_html(TAB), "VARS.film", kind=Viewer)  # of what `words.chunk` returns
            frame = gr.Slider(0, 1, value=0, step=1, label="Frame", elem_id=f"{TAB}-iteration")
            gr.HTML(fine(f"{words.BOUNDS} {words.CAMERA}"), apply_default_css=False)
        with gr.Column(elem_classes="controls", scale=0) as controls:
            heading("Film", f"{TAB}-source")
            with gr.Row():
                upload = upload_button("Load a video", SUFFIXES, elem_id=f"{TAB}-upload")
                camera = gr.Button("Camera", size="sm", min_width=80, elem_id=f"{TAB}-camera")
                photograph = gr.Button("Pan over the photograph", size="sm", min_width=110, elem_id=f"{TAB}-pan")
            model, size = model_and_size(shell, TAB)
            maps = map_controls(shell, TAB, frame, shared="shared by all frames")
    clip, more, shot, seen = (unseen(f"{TAB}-{name}") for name in ("clip", "more", "shot", "seen"))

    async def chosen_clip(session: str | None, photo: str, clip: str) -> Clip:
        return await wait(services.clip, session, clip or f"pan:{photo}")

    async def show(
        session: str | None,
        photo: str,
        clip: str,
        more: str,
        model: str,
        size: str,
        layer: str | None,
        readout: str,
        t: float,
    ) -> Updates | None:
        shown = await chosen_clip(session, photo, clip)
        name, task = await last_map(services, model, size, layer, readout)
        key = words.key_of(shown.ref, name, task.layer, readout)
        start = words.start_of(more, key)
        indices = range(len(shown))[start : start + words.CHUNK]
        if not indices:
            return None
        maps = await mapped(services, session, shown, indices, name, task)
        sent = {"film": await wait(words.chunk, shown, start, maps, readout, key)}
        if start:
            return sent
        last = len(shown) - 1
        return {
            **sent,
            "layer": gr.update(choices=list(maps[0].model.layers), value=task.layer),
            "t": gr.update(maximum=last, value=min(int(t), last)),
        }

    async def uploaded(session: str | None, path: str | None) -> Updates | None:
        return None if not path else {"clip": (await wait(services.upload_clip, session, path)).ref}

    async def watched(
        session: str | None, shot: str, model: str, size: str, layer: str | None, readout: str
    ) -> Updates | None:
        if not shot:
            return None
        number, address = words.shot_of(shot)
        try:
            picture = await wait(read_shot, address)
            async with turn(cameras):
                name, task = await last_map(services, model, size, layer, readout)
                one = await asyncio.wrap_future(services.queue.ask(name, partial(squared, picture), task))
        except InputError as error:  # told to the camera, which stops or tries again
            return {"seen": words.refused(number, sentence(error), isinstance(error, BusyError))}
        return {"seen": words.seen(number, picture, one, readout)}

    async def whole(
        session: str | None, photo: str, clip: str, model: str, size: str, layer: str | None, readout: str
    ) -> tuple[Clip, list[Any]]:
        shown = await chosen_clip(session, photo, clip)
        name, task = await last_map(services, model, size, layer, readout)
        return shown, await mapped(services, session, shown, range(len(shown)), name, task)

    async def filmed(session: str | None, photo: str, clip: str, model: str, size: str, **view: Any) -> animations.Film:
        seen = look(**view)
        shown, maps = await whole(session, photo, clip, model, size, seen.layer, seen.readout)
        return animations.Film(await wait(figure.film, shown, maps, seen), shown.seconds)

    async def exported(session: str | None, photo: str, clip: str, model: str, size: str, **view: Any) -> Export:
        seen = look(**view)
        shown, maps = await whole(session, photo, clip, model, size, seen.layer, seen.readout)
        return await wait(figure.export, shown, maps, seen)

    view, chosen = {"model": model, "size": size, **maps.linked()}, {"clip": clip}
    with controls:
        share.build(shell, TAB, view, exported, also=chosen)
        animations.build(shell, TAB, {**view, **chosen}, filmed)
        gr.HTML(fine(LINK_NOTE), apply_default_css=False)
    which: dict[str, Component] = {"model": model, "size": size, "layer": maps.layer, "readout": maps.readout}
    events = shell.events
    events.on(
        [photo.change, clip.change, more.change, model.change, size.change, maps.layer.input, maps.readout.change],
        show,
        {"photo": photo, "clip": clip, "more": more, **which, "t": frame},
        {"film": film, "layer": maps.layer, "t": frame},
        back=("model", "size"),
    )
    events.on([upload.upload], uploaded, {"path": upload}, chosen)
    in_browser([photograph.click, photo.change], "() => VARS.film.pan()", outputs=chosen)
    in_browser([camera.click], "() => VARS.film.camera()")
    asked = {"more": more, "shot": shot}
    in_browser([film.select], "given => VARS.film.asked(given)", asked, asked)
    events.on([shot.change], watched, {"shot": shot, **which}, {"seen": seen}, quiet=True)
    in_browser([seen.change], "({seen}) => VARS.film.answered(seen)", {"seen": seen})
    in_browser([shell.active.change], f"({{active}}) => VARS.film.left(active === '{TAB}')", {"active": shell.active})
    tell_model(TAB, model, size)
    in_browser(
        [shell.page.load, *(one.change for one in (frame, maps.opacity, maps.scale))],
        "view => VARS.film.view(view)",
        {"t": frame, "opacity": maps.opacity, "scale": maps.scale},
    )
