"""Buttons that download a file made on demand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.page.shell import Shell, unseen
from app.views.exports import File

Maker = Callable[..., Awaitable[File]]
"""Called with the visitor's session and the values of the inputs in their order."""


def connect(shell: Shell, tab: str, makers: Mapping[gr.Button, Maker], inputs: Sequence[Component]) -> None:
    """Let each button download what its maker makes of ``inputs``."""
    token = unseen(f"{tab}-download")
    for button, make in makers.items():
        shell.events.on([button.click], offering(shell, make), inputs, token)
    token.change(fn=None, inputs=token, js="token => { VARS.download(token); return []; }")


def offering(shell: Shell, make: Maker) -> Callable[..., Awaitable[str]]:
    """The handler behind one button: answers with the token that the page downloads."""

    async def offer(session: str | None, *values: Any) -> str:
        return shell.services.downloads.offer(await make(session, *values))

    return offer
