"""The rail: the photograph that all tabs look at."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import gradio as gr
from gradio.components.base import Component
from gradio.data_classes import FileData, ImageData, ListFiles
from gradio.utils import get_upload_folder, is_in_or_equal

from analysis.drawing import data_uri
from app.library.photographs import SAMPLES, Photograph, fitted, sample
from app.library.uploads import MAX_UPLOADS
from app.page import strips
from app.page.events import Events, Updates, in_browser
from app.page.shell import heading, unseen
from app.page.wiring import changes, sentence, wait
from app.services import Services
from vars_core.data.listing import PICTURE_SUFFIXES
from vars_core.errors import InputError

C = TypeVar("C", bound=Component)

DEFAULT_PHOTO = "sample:cat"

DROP = f"""
<div class="drop">
  <label>
    <input type="file" multiple accept="image/*,{",".join(sorted(PICTURE_SUFFIXES))}" aria-label="Load photographs">
    <span role="status">Drop photographs here, paste one, or click</span>
  </label>
  <button type="button">Camera</button>
  <video hidden muted playsinline></video>
</div>
"""


def sent_file(payload: FileData | ImageData | None) -> str | None:
    """The path of an upload as it was sent, after a look that it really lies in the folder of uploads."""
    if payload is None:
        return None
    if payload.path is None or not is_in_or_equal(payload.path, get_upload_folder()):
        raise gr.Error("Expected an uploaded file.", print_exception=False)
    return payload.path


def sent_list(payload: ListFiles | None) -> list[str]:
    """The paths of several uploads, each looked at like one."""
    return [path for one in payload or () if (path := sent_file(one))]


def as_sent(component: C, several: bool = False) -> C:
    """The component, which now hands on the path of an upload, whatever it holds; of ``several`` a list.

    Gradio would open the file itself, convert it, and stumble over what `decode_image` reads or words better; it has
    no argument against that.
    """
    component.preprocess = sent_list if several else sent_file  # type: ignore[method-assign]  # on purpose, see above
    return component


def upload_button(label: str, suffixes: Sequence[str], **look: Any) -> gr.UploadButton:
    """A button that hands a handler the path of the chosen file as it was sent, whatever it holds."""
    return as_sent(gr.UploadButton(label, file_types=list(suffixes), size="sm", min_width=110, **look))


@dataclass(frozen=True)
class Rail:
    """``sent`` and ``at`` are never shown: what the browser has uploaded, and which page of which folder is wanted."""

    photo: gr.Textbox
    drop: gr.HTML
    sent: gr.Textbox
    uploads: gr.HTML
    current: gr.HTML
    samples: gr.HTML
    folder: gr.Dropdown | None
    find: gr.Textbox | None
    files: gr.HTML | None
    at: gr.Textbox


def build(services: Services) -> Rail:
    """The components, in their order on the page."""
    photo, sent, at = unseen("photo"), unseen("sent"), unseen("folder-page")
    heading("Photograph", "rail-photograph")
    current = gr.HTML("", apply_default_css=False, elem_classes="current", elem_id="current-photograph")
    drop = drop_box(services.settings.max_file_size)
    uploads = strips.strip("uploads", "Your photographs")
    samples = gr.HTML(
        value=DEFAULT_PHOTO,
        html_template=samples_html(),
        js_on_load="const mark = VARS.samples(element, props, trigger); watch('value', mark); trigger && 'select';",
        apply_default_css=False,
        elem_id="samples",
    )
    folder = find = files = None
    if names := list(services.folders.files):
        heading("The server's photographs")
        folder = gr.Dropdown(names, value=names[0], label="Data folder", visible=len(names) > 1, elem_id="data-folder")
        find = gr.Textbox("", placeholder="Part of a name", label="Find", max_lines=1, elem_id="data-find")
        files = strips.strip("files", "The server's photographs")
    return Rail(photo, drop, sent, uploads, current, samples, folder, find, files, at)


def drop_box(max_bytes: int) -> gr.HTML:
    """Where photographs are dropped, pasted, chosen or taken; the browser uploads them one by one (static/rail.js)."""
    return gr.HTML(
        html_template=DROP,
        js_on_load=f"VARS.rail.drop(element, upload, () => trigger('select'), {max_bytes});",
        apply_default_css=False,
        elem_id="drop",
    )


def connect(rail: Rail, services: Services, events: Events, page: gr.Blocks) -> None:
    """What happens when a photograph is chosen."""

    kept = services.settings.keep_uploads

    async def uploaded(session: str | None, sent: str) -> Updates | None:
        paths = sent_files(sent)
        if not paths:
            return None
        read: dict[str, str] = {}
        refused = []
        for number, path in enumerate(paths, start=1):
            try:
                read[path] = (await wait(services.upload, session, path)).ref
            except InputError as error:
                if len(paths) == 1:
                    raise
                refused.append(f"File {number} of {len(paths)} is left out. {sentence(error)}.")
        chosen = {"photo": next(iter(read.values()))} if read else {}
        return {**chosen, "uploads": strips.uploaded(services.uploads(session), kept, refused, read)}

    async def shown(session: str | None, photo: str) -> Updates | None:
        if not photo:
            return None
        photograph = await wait(services.photograph, session, photo)
        return {"current": photograph_html(photograph), "samples": photo}

    photo = {"photo": rail.photo}
    sent = {"sent": rail.sent}
    in_browser([rail.drop.select], "() => ({sent: VARS.rail.sent()})", outputs=sent)
    events.on([rail.sent.change], uploaded, sent, {**photo, "uploads": rail.uploads})
    in_browser([rail.samples.select], "({ref}) => ({photo: ref})", {"ref": rail.samples}, photo)
    in_browser([rail.uploads.select], "given => VARS.rail.asked('uploads', given)", photo, photo)
    in_browser([rail.photo.change], "({photo}) => VARS.rail.ring(photo)", photo)
    events.on([rail.photo.change], shown, photo, {"current": rail.current, "samples": rail.samples})
    if rail.folder is not None and rail.find is not None and rail.files is not None:
        connect_folders(rail, services, events, page, {"folder": rail.folder, "find": rail.find}, rail.files)


def connect_folders(
    rail: Rail, services: Services, events: Events, page: gr.Blocks, chosen: dict[str, Component], files: gr.HTML
) -> None:
    """The strip of a data folder. ``at`` says which page of it is wanted; what it shows follows that alone."""

    async def turned(session: str | None, at: str) -> Updates | None:
        return {"files": await wait(strips.of_folder, services.folders, at)}

    async def followed(session: str | None, photo: str, at: str) -> Updates | None:
        """The strip turns to a photograph that was chosen elsewhere: by a link, or in a tab."""
        if not (photo.startswith("data:") and at):
            return None
        return await wait(strips.turn_to, services.folders, photo, at)

    photo, at = {"photo": rail.photo}, {"at": rail.at}
    asked = {"at": rail.at, **chosen}
    in_browser([page.load, *changes(chosen.values())], "given => ({at: VARS.rail.at(given)})", asked, at)
    in_browser([files.select], "given => VARS.rail.asked('files', given)", {**photo, **asked}, {**photo, **at})
    events.on([rail.at.change], turned, at, {"files": files}, quiet=True)
    events.on([rail.photo.change], followed, {**photo, **at}, asked, quiet=True)


def sent_files(sent: str) -> list[str]:
    """The paths that the browser has uploaded: JSON, with a number that makes each text another. Raises InputError."""
    if not sent:
        return []
    try:
        paths = json.loads(sent)["paths"]
        known = all(is_in_or_equal(path, get_upload_folder()) for path in paths)
    except (ValueError, TypeError, KeyError):
        raise InputError("expected uploaded files") from None
    if not (known and len(paths) <= MAX_UPLOADS):
        raise InputError(f"expected at most {MAX_UPLOADS} uploaded files")
    return [str(path) for path in paths]


def samples_html() -> str:
    """Buttons with the sample photographs."""
    buttons = []
    for name in SAMPLES:
        picture = fitted(sample(name).display, 96)
        side = min(picture.shape[:2])
        top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
        square = picture[top : top + side, left : left + side]
        buttons.append(
            f'<button type="button" data-ref="sample:{name}" aria-label="Sample photograph: {name}" title="{name}">'
            f'<img src="{data_uri(square)}" alt=""></button>'
        )
    return f'<div class="samples" role="group" aria-label="Sample photographs">{"".join(buttons)}</div>'


def photograph_html(photograph: Photograph) -> str:
    """The chosen photograph with its name and size."""
    name = html.escape(photograph.title)
    said = f"{name} · {photograph.width}×{photograph.height}"
    if photograph.read_at is not None:
        height, width = photograph.read_at
        said += f", more than this server decodes: read at {width}×{height}"
    return (
        f'<figure><img src="{data_uri(fitted(photograph.display, 480))}" alt="{name}">'
        f"<figcaption>{said}</figcaption></figure>"
    )
