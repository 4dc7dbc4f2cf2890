"""The web server: the page, /health, and what keeps both safe to expose."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from socket import socket
from typing import Any

from app.serving.cleaning import fresh_folder, repeat, return_memory, sweep
from app.serving.settings import Settings

# Uploads and made files go to a folder of their own; gradio reads its name when it is imported.
os.environ["GRADIO_TEMP_DIR"] = str(fresh_folder())

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from gradio_client.utils import is_http_url_like
from starlette.middleware.cors import CORSMiddleware

from app.page import guide, help_places
from app.page.assets import styles
from app.page.mcp_tools import fit_answers, uploaded_file
from app.page.theme import build_theme
from app.page.viewer import head
from app.services import Services
from app.serving.guards import BESIDES_THE_FILE, BodyLimit, CarefulHeaders, PasswordForTools
from app.ui import build_page

TEMPORARY = Path(os.environ["GRADIO_TEMP_DIR"])

OPEN_PAGES = 100
"""How many visitors' components gradio remembers, about a megabyte each; its own bound is ten thousand."""


def keep_local(page: gr.Blocks) -> None:
    """No visitor may have the server read a file that was not uploaded, nor fetch an address but that of an upload.

    Gradio checks paths only once a page has been launched, which a mounted one never is; and it downloads a file that
    is named by its URL.
    """
    page.has_launched = True

    def local_only(move: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        async def moved(file: Any) -> Any:
            if is_http_url_like(str(file)):
                file = uploaded_file(str(file))
                if file is None:
                    raise gr.Error("Expected an uploaded file, got an address.", print_exception=False)
            return await move(file)

        return moved

    for block in page.blocks.values():
        # Gradio has no setting for it: the method of each block is replaced.
        move = local_only(block.async_move_resource_to_block_cache)
        block.async_move_resource_to_block_cache = move  # type: ignore[method-assign, assignment]


def build_app(settings: Settings, services: Services) -> FastAPI:
    """The whole application, ready to be served."""
    app = FastAPI(title="VARS Studio", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(CORSMiddleware, allow_origins=[])  # no other site may read answers, nor send credentials

    @app.get("/health")
    def health() -> JSONResponse:
        return JSONResponse(services.health())

    @app.get("/download/{token}")
    def download(token: str) -> Response:
        file = services.downloads.take(token)
        if file is None:
            return PlainTextResponse("This download has expired: please make it again.", status_code=404)
        return Response(
            file.data, media_type=file.kind, headers={"Content-Disposition": f"attachment; filename={file.name}"}
        )

    if settings.auth:
        app.add_middleware(PasswordForTools, users=settings.auth)
    app.add_middleware(BodyLimit, most=settings.max_file_size + BESIDES_THE_FILE)
    app.add_middleware(CarefulHeaders, framed=settings.framed)
    page = build_page(services)
    keep_local(page)
    page.queue(default_concurrency_limit=8)
    page.state_session_capacity = OPEN_PAGES
    served = gr.mount_gradio_app(
        app,
        page,
        path="/",
        root_path=settings.root_path or None,
        server_name=settings.host,
        server_port=settings.port,
        auth=list(settings.auth) or None,
        footer_links=["api"],
        run_history=False,
        show_error=False,
        max_file_size=settings.max_file_size,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=True,
        theme=build_theme(),
        css=styles(),
        head=head() + help_places.head(page) + guide.head(),
    )
    fit_answers(page)
    return served


def where(settings: Settings) -> Iterator[str]:
    """Where the page is, and what is assumed of a proxy before it."""
    yield f"VARS Studio: {settings.address}"
    if settings.root_path:
        yield (
            f"assumed: a proxy takes {settings.root_path} away before it hands a request on, and hands on Host and "
            "X-Forwarded-Proto"
        )


def run(settings: Settings) -> None:
    """Serve until interrupted; models load meanwhile."""
    services = Services(settings)
    services.models.load_named()
    services.models.load_embedded(services.queue.warm)
    repeat(60, lambda: sweep(TEMPORARY, settings.keep_uploads))
    repeat(60, lambda: services.sessions.forget_unused(settings.keep_uploads))
    repeat(30, return_memory)
    app = build_app(settings, services)
    trained = sum(map(services.models.trained, services.models.names))
    models = (
        f"{trained} models with trained weights; {len(services.models.names) - trained} more are untrained and say so"
    )
    # Open pages hold a stream each, which would otherwise keep the server from ending.
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, log_level="warning", timeout_graceful_shutdown=2
    )
    Announced(config, [*where(settings), models]).run()
    services.close()


class Announced(uvicorn.Server):
    """A server that says where it is once it answers there, not before."""

    def __init__(self, config: uvicorn.Config, lines: Sequence[str]) -> None:
        super().__init__(config)
        self.lines = lines

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        print("\n".join(self.lines), flush=True)
