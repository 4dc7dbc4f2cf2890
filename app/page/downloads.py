"""Buttons that download a file made on demand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import gradio as gr

from app.page.events import Components, Handler, Updates, in_browser
from app.page.shell import Shell, unseen
from app.views.exports import File

Maker = Callable[..., Awaitable[File]]
"""Called with the visitor's session and the values of the inputs by name."""


def connect(shell: Shell, tab: str, makers: Mapping[gr.Button, Maker], inputs: Components) -> None:
    """Let each button download what its maker makes of ``inputs``."""
    token = unseen(f"{tab}-download")
    for button, make in makers.items():
        shell.events.on([button.click], offering(shell, make), inputs, {"token": token})
    in_browser([token.change], "({token}) => VARS.download(token)", {"token": token})


def offering(shell: Shell, make: Maker) -> Handler:
    """The handler behind one button: answers with the token that the page downloads."""

    async def offer(session: str | None, **values: Any) -> Updates:
        return {"token": shell.services.downloads.offer(await make(session, **values))}

    return offer
