"""What the server answers to those who keep no rules."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from tests.app.made import encoded, picture
from tests.app.served import Served
from tools.bad_files import NAMES, malformed
from tools.http import Visitor, file_data


@pytest.fixture
def visitor(served: Served) -> Visitor:
    return Visitor(served.url)


def corrupt_with(image: object) -> list[object]:
    return [image, "sample:cat", "brightness", 1, 0]


def test_health_says_which_models_are_ready(visitor: Visitor) -> None:
    answer = visitor.http.get("health").json()
    assert (answer["status"], answer["ready"], answer["of"], answer["waiting"]) == ("ok", 5, 5, 0)
    assert set(answer["models"].values()) == {"ready"}


def test_the_page_names_no_other_host_in_what_it_loads(visitor: Visitor) -> None:
    text = visitor.http.get("").text
    loaded = [part.split('"')[0] for part in text.replace("src='", 'src="').split('src="')[1:]]
    assert loaded and not any(address.startswith(("http", "//")) for address in loaded)
    assert "fonts.googleapis" not in text


def test_other_sites_may_not_read_answers(visitor: Visitor) -> None:
    answer = visitor.http.get("health", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers
    config = visitor.http.get("config", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in config.headers


def test_browsers_are_told_not_to_guess(visitor: Visitor) -> None:
    assert visitor.http.get("").headers["x-content-type-options"] == "nosniff"


def test_an_unknown_download_is_not_there(visitor: Visitor) -> None:
    assert visitor.http.get("download/guess").status_code == 404


@pytest.mark.parametrize("path", ["/etc/passwd", "{root}/pyproject.toml", "{private}", "/proc/self/environ"])
def test_no_file_of_the_server_is_served(visitor: Visitor, photographs: Path, path: str) -> None:
    asked = path.format(root=Path.cwd(), private=photographs.parent / "private.png")
    assert visitor.http.get(f"gradio_api/file={asked}").status_code in (403, 404)


@pytest.mark.parametrize("path", ["/etc/passwd", "{private}", "{data}", "../../etc/passwd"])
def test_no_file_of_the_server_is_read_for_a_visitor(visitor: Visitor, photographs: Path, path: str) -> None:
    asked = path.format(private=photographs.parent / "private.png", data=photographs / "one.png")
    for file in (file_data(asked), {**file_data(asked), "is_stream": True}):
        succeeded, answer = visitor.call("corrupt", corrupt_with(file))
        assert not succeeded
        assert "root:" not in str(answer)


def test_the_server_fetches_no_address_for_a_visitor(visitor: Visitor, served: Served) -> None:
    succeeded, answer = visitor.call("corrupt", corrupt_with(file_data(f"{served.url}health")))
    assert not succeeded
    assert "got an address" in str(answer)


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(visitor: Visitor) -> None:
    answer = visitor.upload(bytes(3_000_000))
    assert answer.status_code == 413


def test_every_malformed_upload_gets_a_message_and_the_server_stays_up(visitor: Visitor) -> None:
    for what, data in malformed(24):
        uploaded = visitor.upload(data)
        if uploaded.status_code != 200:
            continue
        succeeded, answer = visitor.call("corrupt", corrupt_with(file_data(uploaded.json()[0])))
        assert not succeeded, what
        assert isinstance(answer, dict) and len(answer["error"]) > 10, (what, answer)
    assert visitor.http.get("health").json()["status"] == "ok"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_leads_no_file_out_of_the_temporary_folder(visitor: Visitor, name: str) -> None:
    uploaded = visitor.upload(encoded(picture()), name=name)
    assert uploaded.status_code in (200, 400, 422)
    if uploaded.status_code == 200:
        written = Path(uploaded.json()[0])
        assert written.resolve().is_relative_to(Path(os.environ["GRADIO_TEMP_DIR"]).resolve())
        assert visitor.call("corrupt", corrupt_with(file_data(str(written))))[0]
    assert not Path("/tmp/escaped.png").exists()


def test_helpers_of_the_page_are_no_endpoints(visitor: Visitor) -> None:
    named = visitor.http.get("gradio_api/info").json()["named_endpoints"]
    assert {"/models", "/attention", "/compare", "/corrupt"} <= set(named)
    assert not {
        name for name in named if "lambda" in name or name in ("/show", "/chart", "/offer", "/restore", "/uploaded")
    }


def test_an_upload_of_one_visitor_is_unknown_to_another(served: Served) -> None:
    ann, bo = Visitor(served.url), Visitor(served.url)
    path = ann.upload(encoded(picture(60, 70, seed=5))).json()[0]
    assert ann.call("corrupt", corrupt_with(file_data(path)))[0]
    kept = [key[1] for key in served.services.sessions._entries if str(key[1]).startswith("upload:")]
    succeeded, answer = bo.call("corrupt", [None, kept[-1], "brightness", 1, 0])
    assert not succeeded
    assert "load it again" in answer["error"]


def test_a_page_with_users_lets_nobody_else_in(tmp_path: Path) -> None:
    from app.serving.settings import Settings

    guarded = Served(Settings(auth=(("ann", "secret"),)), load=False)
    try:
        assert httpx.get(f"{guarded.url}config").status_code == 401
        assert httpx.get(f"{guarded.url}health").status_code == 200
        with httpx.Client(base_url=guarded.url) as client:
            assert client.post("login", data={"username": "ann", "password": "wrong"}).status_code == 400
            assert client.post("login", data={"username": "ann", "password": "secret"}).status_code == 200
            assert client.get("config").status_code == 200
    finally:
        guarded.stop()
