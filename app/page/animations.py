"""Buttons that download what a tab shows as an animation: the same two in every tab that moves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
import numpy as np

from analysis.animation import animation
from app.page import downloads
from app.page.events import Components
from app.page.shell import Shell
from app.page.wiring import wait
from app.views.exports import File


@dataclass(frozen=True)
class Film:
    """Frames uint8 (H, W, 3) in their order, each shown for ``seconds``."""

    frames: list[np.ndarray] = field(repr=False)
    seconds: float


Filmer = Callable[..., Awaitable[Film]]
"""Called with the session, ``photo`` (its reference), and the values of the view's components by name."""

KINDS = {"gif": "image/gif", "mp4": "video/mp4"}


def build(shell: Shell, tab: str, view: Components, filmed: Filmer) -> None:
    """A button a format, below those of `app.page.share`."""
    with gr.Row(elem_classes="share"):
        makers = {
            gr.Button(f"Animation ({kind.upper()})", size="sm", elem_id=f"{tab}-{kind}"): maker(tab, kind, filmed)
            for kind in KINDS
        }
    downloads.connect(shell, f"{tab}-animation", makers, {"photo": shell.photo, **view})


def maker(tab: str, kind: str, filmed: Filmer) -> downloads.Maker:
    """What makes one kind of file of the view."""

    async def make(session: str | None, **values: Any) -> File:
        film = await filmed(session, **values)
        return File(f"vars-{tab}.{kind}", KINDS[kind], await wait(animation, film.frames, f".{kind}", film.seconds))

    return make
