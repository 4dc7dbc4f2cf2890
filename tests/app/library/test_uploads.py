"""What a visitor has loaded stays within bounds, and can be shown again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.library.thumbnails import Thumbnail
from app.library.uploads import MAX_UPLOADS, Upload, Uploads, added
from app.page import strips
from app.services import Services
from app.serving.settings import Settings
from tests.app.made import encoded, picture
from vars_core.errors import InputError


@pytest.fixture
def services() -> Iterator[Services]:
    made = Services(Settings())
    yield made
    made.close()


def kept(name: str) -> Upload:
    return Upload(Thumbnail(f"upload:{name}", name, "data:"), Path(name))


def test_the_oldest_of_too_many_goes_and_one_loaded_twice_is_listed_once() -> None:
    uploads: Uploads = {}
    for i in range(MAX_UPLOADS + 3):
        uploads = added(uploads, kept(str(i)))
    assert list(uploads) == [f"upload:{i}" for i in range(3, MAX_UPLOADS + 3)]
    assert list(added(uploads, kept("7")).items()) == list(uploads.items())
    assert "upload:0" not in uploads


def test_a_photograph_that_memory_let_go_of_is_read_again_from_its_file(services: Services, tmp_path: Path) -> None:
    files = [tmp_path / f"{i}.png" for i in range(6)]
    for i, file in enumerate(files):
        file.write_bytes(encoded(picture(900, 1100, seed=i)))
    refs = [services.upload("ann", file).ref for file in files]
    assert services.sessions.get("ann", refs[0]) is None  # six photographs of a megapixel are more than is kept
    assert services.photograph("ann", refs[0]).ref == refs[0]
    assert list(services.uploads("ann")) == refs


def test_a_file_that_was_swept_away_has_to_be_loaded_again(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "one.png"
    file.write_bytes(encoded(picture()))
    ref = services.upload("ann", file).ref
    os.utime(file, (1, 1))
    assert services.photograph("ann", ref).ref == ref
    assert file.stat().st_mtime > 1  # what is looked at is not old
    file.unlink()
    services.sessions._remove(("ann", ref))
    with pytest.raises(InputError, match="please load it again"):
        services.photograph("ann", ref)


def test_nobody_else_finds_an_upload(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "one.png"
    file.write_bytes(encoded(picture()))
    ref = services.upload("ann", file).ref
    for visitor in ("bob", None):
        assert not services.uploads(visitor)
        with pytest.raises(InputError, match="please load it again"):
            services.photograph(visitor, ref)


def test_the_strip_says_its_bound_and_what_was_refused() -> None:
    shown = strips.uploaded({one: kept(one) for one in "ab"}, 1800, ["File 2 of 3 is left out."], {})
    assert [one["title"] for one in shown["items"]] == ["your photograph 1", "your photograph 2"]
    assert shown["words"].startswith(f"The latest {MAX_UPLOADS} stay, each for 30 minutes")
    assert shown["refused"] == ["File 2 of 3 is left out."]
