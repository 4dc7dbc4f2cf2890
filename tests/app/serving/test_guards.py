"""Headers on every answer, and the bound on what is taken in."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.serving.guards import BESIDES_THE_FILE, BodyLimit, CarefulHeaders, PasswordForTools
from tests.app.made import encoded, picture
from tests.app.served import Served
from tools.http import Visitor


async def length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


def guarded(most: int) -> TestClient:
    app = Starlette(routes=[Route("/", length, methods=["GET", "POST"])])
    app.add_middleware(BodyLimit, most=most)
    return TestClient(app)


def pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield bytes(100)


@pytest.mark.parametrize("body", [bytes(1000), pieces(10)], ids=["announced", "chunked"])
def test_a_body_within_the_bound_arrives(body: bytes | Iterator[bytes]) -> None:
    assert guarded(1000).post("/", content=body).text == "1000"


@pytest.mark.parametrize("body", [bytes(1001), pieces(11)], ids=["announced", "chunked"])
def test_a_body_beyond_the_bound_is_refused_with_a_sentence(body: bytes | Iterator[bytes]) -> None:
    answer = guarded(1000).post("/", content=body)
    assert (answer.status_code, answer.text) == (413, "Expected a request of at most 1,000 bytes.")


def test_many_files_that_are_each_small_enough_are_refused_together(served: Served) -> None:
    visitor = Visitor(served.url)
    size, most = 1_500_000, served.services.settings.max_file_size
    assert size < most < 3 * size - BESIDES_THE_FILE
    files = [("files", (f"{i}.png", bytes(size), "image/png")) for i in range(3)]
    assert visitor.http.post("gradio_api/upload", files=files).status_code == 413
    assert visitor.http.get("health").status_code == 200


def test_an_upload_without_an_announced_length_is_bounded_too(served: Served) -> None:
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=60)
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    pieces = [head, *[bytes(500_000)] * 8, b"\r\n--x--\r\n"]
    try:
        connection.request(
            "POST",
            "/gradio_api/upload",
            body=iter(pieces),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
            encode_chunked=True,
        )
        assert connection.getresponse().status == 413
    except ConnectionError:
        pass  # the server closed the connection before everything was sent
    finally:
        connection.close()
    assert Visitor(served.url).http.get("health").status_code == 200


@pytest.mark.parametrize("path", ["", "health", "config", "theme.css", "gradio_api/info", "nowhere"])
def test_every_answer_carries_the_headers(served: Served, path: str) -> None:
    headers = Visitor(served.url).http.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'self'" in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_a_page_that_may_be_framed_says_nothing_against_it() -> None:
    app = Starlette(routes=[Route("/", length)])
    app.add_middleware(CarefulHeaders, framed=True)
    policy = TestClient(app).get("/").headers["content-security-policy"]
    assert "frame-ancestors" not in policy and "default-src 'self'" in policy


def test_no_other_site_may_call_the_server(served: Served) -> None:
    visitor = Visitor(served.url)
    asks = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    for path in ("gradio_api/upload", "gradio_api/call/attention", "health", "download/x"):
        answer = visitor.http.options(path, headers=asks)
        assert "access-control-allow-origin" not in answer.headers, path
        answer = visitor.http.get(path, headers={"Origin": "null"})
        assert "access-control-allow-origin" not in answer.headers, path


def test_an_uploaded_svg_never_runs_in_the_page(served: Served) -> None:
    visitor = Visitor(served.url)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for name, kind in (("a.svg", "image/svg+xml"), ("a.html", "text/html")):
        path = visitor.upload(svg, name, kind).json()[0]
        answer = visitor.http.get(f"gradio_api/file={path}")
        assert answer.headers["content-disposition"].startswith("attachment"), name
    path = visitor.upload(encoded(picture())).json()[0]
    assert visitor.http.get(f"gradio_api/file={path}").headers["content-type"] == "image/png"


def test_tools_of_a_page_with_users_ask_for_one_of_them() -> None:
    app = Starlette(routes=[Route(path, length) for path in ("/", "/vars/gradio_api/mcp/", "/gradio_api/mcp/schema")])
    app.add_middleware(PasswordForTools, users=[("ann", "a:b"), ("bo", "secret")])
    client = TestClient(app)
    assert client.get("/").status_code == 200  # gradio asks there
    for path in ("/vars/gradio_api/mcp/", "/gradio_api/mcp/schema"):
        refused = client.get(path)
        assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("Basic")
        assert (
            client.get(path, auth=("ann", "a:b")).status_code
            == client.get(path, auth=("bo", "secret")).status_code
            == 200
        )
        assert client.get(path, auth=("bo", "a:b")).status_code == 401
        assert client.get(path, headers={"Authorization": "Basic ä".encode()}).status_code == 401
        assert client.get(path, headers={"Authorization": "Bearer Ym86c2VjcmV0"}).status_code == 401
