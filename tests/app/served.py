"""The page, really served, on a free port of this machine."""

from __future__ import annotations

import socket
import threading
import time

import uvicorn

from app.server import build_app
from app.services import Services
from app.serving.settings import Settings


class Served:
    """A running server: ``url`` and the services behind it."""

    def __init__(self, settings: Settings, *, load: bool = True) -> None:
        self.services = Services(settings)
        if load:
            self.services.models.load_embedded()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        self.app = build_app(settings, self.services)
        self._server = uvicorn.Server(uvicorn.Config(self.app, host="127.0.0.1", port=port, log_level="critical"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)
        while load and not {"waiting", "loading"}.isdisjoint(self.services.models.states().values()):
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)
        self.services.close()
