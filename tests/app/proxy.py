"""A reverse proxy of a few lines: serves another server under a path, as nginx and Caddy do, and knows nothing else."""

from __future__ import annotations

import http.client
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-authorization"}


class Proxy:
    """``url`` + path answers what ``target`` answers to the path; anything outside of ``prefix`` is not there."""

    def __init__(self, target: str, prefix: str) -> None:
        self.missed: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(urlsplit(target).netloc, prefix))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}{prefix}/"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()

    def _handler(self, target: str, prefix: str) -> type[BaseHTTPRequestHandler]:
        missed = self.missed

        class Handler(BaseHTTPRequestHandler):
            def forward(self) -> None:
                if self.path == "/favicon.ico":  # which a browser asks the host for, not the page
                    self.send_response(204)
                    self.end_headers()
                    return
                if not self.path.startswith(f"{prefix}/"):
                    missed.append(self.path)
                    self.send_error(404)
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
                connection = http.client.HTTPConnection(target, timeout=120)
                connection.request(self.command, self.path.removeprefix(prefix), body, headers)  # Host as it came
                answer = connection.getresponse()
                if answer.status >= 400:
                    missed.append(self.path)
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.end_headers()  # HTTP/1.0: the end of the answer is the end of the connection
                while piece := answer.read1(65536):  # a stream of events goes on piece by piece
                    self.wfile.write(piece)
                    self.wfile.flush()

            do_GET = do_POST = do_HEAD = forward

            def log_message(self, *_: object) -> None:
                pass

        return Handler
