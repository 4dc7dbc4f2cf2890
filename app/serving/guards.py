"""What stands between the network and the page: headers on every answer, a bound on what is taken in, a password."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BESIDES_THE_FILE = 1_000_000
"""Bytes that a request may have besides the largest file: the frame around it, and the values of the controls."""

SOURCES = {
    "default-src": "'self'",
    # Gradio's page starts from an inline script, and makes functions of the text of its HTML components.
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
"""From where a browser may load what the page consists of, and to whom the page may talk: this server alone."""


class CarefulHeaders:
    """Headers that keep the page to this server, and browsers from guessing or telling more than they have to.

    ``framed``: whether pages of other sites may show this one in a frame.
    """

    def __init__(self, app: ASGIApp, *, framed: bool) -> None:
        self.app = app
        policy = SOURCES if framed else {**SOURCES, "frame-ancestors": "'self'"}
        self.headers = {
            "Content-Security-Policy": "; ".join(f"{what} {sources}" for what, sources in policy.items()),
            "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, careful)


class BodyLimit:
    """Answers 413 to a request of more than ``most`` bytes once they have come, whatever length it announced.

    Gradio bounds each file of an upload, but not their number.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken, begun = 0, False

        async def counted() -> Message:
            nonlocal taken
            if taken <= self.most:
                message = await receive()
                taken += len(message.get("body", b""))
            return message if taken <= self.most else {"type": "http.disconnect"}

        async def answered(message: Message) -> None:
            nonlocal begun
            if taken <= self.most or begun:
                begun = True
                await send(message)

        try:
            await self.app(scope, counted, answered)
        except Exception:
            if taken <= self.most:  # else the application fails because it was cut off
                raise
        if taken > self.most and not begun:
            refusal = PlainTextResponse(f"Expected a request of at most {self.most:,} bytes.", status_code=413)
            await refusal(scope, receive, send)


class PasswordForTools:
    """Asks callers of the MCP tools for a user and a password (HTTP Basic): gradio guards its own endpoints alone.

    ``users``: (user, password) pairs.
    """

    TOOLS = "/gradio_api/mcp"

    def __init__(self, app: ASGIApp, *, users: Sequence[tuple[str, str]]) -> None:
        self.app = app
        self.known = [f"{user}:{password}".encode() for user, password in users]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.TOOLS not in scope.get("path", "") or self._is_known(Headers(scope=scope).get("authorization", "")):
            await self.app(scope, receive, send)
            return
        asked = {"WWW-Authenticate": 'Basic realm="VARS Studio"'}
        refusal = PlainTextResponse("Expected a user and a password.", status_code=401, headers=asked)
        await refusal(scope, receive, send)

    def _is_known(self, stated: str) -> bool:
        kind, _, encoded = stated.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        return kind.lower() == "basic" and sum(secrets.compare_digest(given, one) for one in self.known) > 0
