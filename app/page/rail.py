"""The rail: the photograph that all tabs look at."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components.base import Component
from gradio.data_classes import FileData, ImageData
from gradio.utils import get_upload_folder, is_in_or_equal

from analysis.drawing import data_uri
from app.library.photographs import SAMPLES, Photograph, fitted, sample
from app.page.changing_dropdown import ChangingDropdown
from app.page.events import UNQUEUED, Events, Updates, in_browser
from app.page.shell import heading, unseen
from app.page.wiring import wait
from app.services import Services

DEFAULT_PHOTO = "sample:cat"


def sent_file(payload: FileData | ImageData | None) -> str | None:
    """The path of an upload as it was sent, after a look that it really lies in the folder of uploads."""
    if payload is None:
        return None
    if payload.path is None or not is_in_or_equal(payload.path, get_upload_folder()):
        raise gr.Error("Expected an uploaded file.", print_exception=False)
    return payload.path


def as_sent(component: Component) -> None:
    """Let a component hand on the path of an upload, whatever it holds.

    Gradio would open the file itself, convert it, and stumble over what `decode_image` reads or words better; it has
    no argument against that.
    """
    component.preprocess = sent_file  # type: ignore[method-assign]  # on purpose, see above


def photograph_input(label: str, **look: Any) -> gr.Image:
    """An image input that hands a handler the path of the file as it was sent."""
    drop = gr.Image(
        type="filepath",
        sources=["upload", "webcam", "clipboard"],
        label=label,
        show_label=False,
        buttons=[],
        placeholder="Drop a photograph here or click",
        webcam_options=gr.WebcamOptions(mirror=False),
        **look,
    )
    as_sent(drop)
    return drop


def upload_button(label: str, suffixes: Sequence[str], **look: Any) -> gr.UploadButton:
    """A button that hands a handler the path of the chosen file as it was sent, whatever it holds."""
    button = gr.UploadButton(label, file_types=list(suffixes), size="sm", min_width=110, **look)
    as_sent(button)
    return button


@dataclass(frozen=True)
class Rail:
    photo: gr.Textbox
    drop: gr.Image
    current: gr.HTML
    samples: gr.HTML
    folder: gr.Dropdown | None
    file: gr.Dropdown | None


def build(services: Services) -> Rail:
    """The components, in their order on the page."""
    photo = unseen("photo")
    heading("Photograph")
    current = gr.HTML("", apply_default_css=False, elem_classes="current", elem_id="current-photograph")
    drop = photograph_input("Photograph", height=132, elem_id="drop", elem_classes="drop")
    samples = gr.HTML(
        value=DEFAULT_PHOTO,
        html_template=samples_html(),
        js_on_load="const mark = VARS.samples(element, props, trigger); watch('value', mark); trigger && 'select';",
        apply_default_css=False,
        elem_id="samples",
    )
    folder = file = None
    if services.data:
        names = list(services.data)
        folder = gr.Dropdown(names, value=names[0], label="Data folder", visible=len(names) > 1)
        file = ChangingDropdown(
            services.data[names[0]], value=None, label="From the server's photographs", elem_id="data-file"
        )
    return Rail(photo, drop, current, samples, folder, file)


def connect(rail: Rail, services: Services, events: Events) -> None:
    """What happens when a photograph is chosen."""

    async def uploaded(session: str | None, path: str | None) -> Updates:
        if path is None:
            return {"path": None}
        photograph = await wait(services.upload, session, path)
        return {"photo": photograph.ref, "path": None}

    async def shown(session: str | None, photo: str) -> Updates | None:
        if not photo:
            return None
        photograph = await wait(services.photograph, session, photo)
        return {"current": photograph_html(photograph), "samples": photo, **of_folder(photo)}

    def of_folder(photo: str) -> Updates:
        """The lists of the server's own photographs name the shown one, or none."""
        if rail.folder is None:
            return {}
        name, _, file = photo.removeprefix("data:").partition("/")
        if not photo.startswith("data:"):
            return {"file": None}
        return {"folder": name, "file": gr.update(choices=services.data.get(name, []), value=file)}

    photo = {"photo": rail.photo}
    events.on([rail.drop.input], uploaded, {"path": rail.drop}, {**photo, "path": rail.drop}, cleared=("path",))
    in_browser([rail.samples.select], "({ref}) => ({photo: ref})", {"ref": rail.samples}, photo)
    lists = {"folder": rail.folder, "file": rail.file} if rail.folder is not None and rail.file is not None else {}
    events.on([rail.photo.change], shown, photo, {"current": rail.current, "samples": rail.samples, **lists})
    if rail.folder is not None and rail.file is not None:

        def listed(name: str) -> object:
            return gr.update(choices=services.data.get(name, []), value=None)

        rail.folder.input(listed, rail.folder, rail.file, **UNQUEUED)
        in_browser(
            [rail.file.input],
            "({folder, file, photo}) => ({photo: file ? `data:${folder}/${file}` : photo})",
            {"folder": rail.folder, "file": rail.file, **photo},
            photo,
        )


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
