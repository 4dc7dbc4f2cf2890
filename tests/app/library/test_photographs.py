"""Photographs by reference: what is readable, what is not, and what a model gets to see."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.library.photographs import (
    KEPT_PIXELS,
    SAMPLES,
    Corruption,
    Subject,
    data_files,
    data_photograph,
    read_photograph,
    read_upload,
    sample,
)
from app.page.rail import photograph_html
from tests.app.made import encoded, photograph, picture
from vars_core.errors import InputError
from vars_core.images import Placement, decode_image


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_there_without_a_download(name: str) -> None:
    found = sample(name)
    assert found.ref == f"sample:{name}"
    assert found.display.shape[2] == 3
    assert max(found.display.shape[:2]) <= 640


def test_a_model_sees_exactly_what_the_command_line_shows_it() -> None:
    image = picture(300, 500)
    found = read_photograph("upload:x", "x", encoded(image), max_pixels=10**6)
    assert np.array_equal(Subject(found).square(112), Placement(300, 500, 112).place(image))


def test_a_large_photograph_is_kept_small_and_still_seen_exactly() -> None:
    image = picture(1500, 2000)
    found = read_photograph("upload:x", "x", encoded(image), max_pixels=10**7)
    assert (found.height, found.width) == (1500, 2000)
    assert found.pixels.shape[0] * found.pixels.shape[1] <= KEPT_PIXELS * 1.01
    assert np.array_equal(found.squares[224], Placement(1500, 2000, 224).place(image))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("grey", encoded(Image.new("L", (40, 30), 128))),
        ("one bit", encoded(Image.new("1", (40, 30), 1))),
        ("alpha", encoded(Image.new("RGBA", (40, 30), (255, 0, 0, 128)))),
        ("palette", encoded(Image.new("P", (40, 30), 3))),
        ("CMYK", encoded(Image.new("CMYK", (40, 30), (10, 20, 30, 0)), "JPEG")),
        ("16 bit", encoded(Image.fromarray(np.full((30, 40), 30000, np.uint16)))),
        (
            "animated",
            encoded(
                Image.new("RGB", (40, 30), "red"), "GIF", save_all=True, append_images=[Image.new("RGB", (40, 30))]
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_picture_works(kind: str, data: bytes) -> None:
    found = read_photograph("upload:x", kind, data, max_pixels=10**6)
    assert (found.height, found.width) == (30, 40)


def test_exif_orientation_is_applied_and_metadata_dropped() -> None:
    exif = Image.Exif()
    exif[274] = 6  # rotate by a quarter turn
    exif[270] = "where I live"
    found = read_photograph("upload:x", "x", encoded(picture(30, 40), "JPEG", exif=exif), max_pixels=10**6)
    assert (found.height, found.width) == (40, 30)
    assert not any(isinstance(value, str) and "live" in value for value in vars(found).values())


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"not a picture", "not a picture"),
        (encoded(Image.new("1", (9000, 8000))), "more than the 64,000,000 allowed"),
        (encoded(picture(1, 1)), "at least 2×2"),
        (encoded(np.zeros((4, 300, 3), np.uint8)), "within a factor of 20"),
        (encoded(picture(200, 200), "JPEG")[:400], "cannot be decoded"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\nshowpage\n", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not a picture"),
    ],
)
def test_what_cannot_be_used_gets_one_sentence(data: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(data)
    with pytest.raises(InputError, match=sentence):
        read_upload(path, max_pixels=1_000_000)


def test_the_name_of_an_upload_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "my secret.png"
    path.write_bytes(encoded(picture()))
    found = read_upload(path, max_pixels=10**6)
    assert "secret" not in found.ref + found.title


def test_data_folders_list_and_serve_their_photographs(photographs: Path) -> None:
    assert data_files(photographs) == ["one.png", "small/two.png"]
    found = data_photograph("data:birds/small/two.png", {"birds": photographs}, max_pixels=10**6)
    assert (found.height, found.width, found.title) == (120, 160, "two.png")


@pytest.mark.parametrize(
    "ref",
    [
        "data:birds/../private.png",
        "data:birds/small/../../private.png",
        "data:birds//etc/passwd",
        "data:birds/",
        "data:birds/one.png\0.jpg",
        "data:birds/missing.png",
        "data:cats/one.png",
        "data:",
    ],
)
def test_nothing_outside_a_data_folder_is_readable(photographs: Path, ref: str) -> None:
    with pytest.raises(InputError):
        data_photograph(ref, {"birds": photographs}, max_pixels=10**6)


def test_a_link_in_a_data_folder_does_not_lead_out_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    (tmp_path / "private.png").write_bytes(encoded(picture()))
    (folder / "link.png").symlink_to(tmp_path / "private.png")
    with pytest.raises(InputError):
        data_photograph("data:open/link.png", {"open": folder}, max_pixels=10**6)


def test_a_corrupted_subject_is_drawn_from_its_seed() -> None:
    found = photograph(height=64, width=80)
    one, same, other = (Subject(found, Corruption("gaussian_noise", 3, seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.display, same.display)
    assert not np.array_equal(one.display, other.display)
    assert min(one.display.shape[:2]) == 256
    assert one.square(112).shape == (112, 112, 3)


def test_the_clean_photograph_is_not_touched_by_a_corruption() -> None:
    found = photograph(height=64, width=80)
    before = found.at_benchmark_scale.copy()
    assert Subject(found, Corruption("fog", 5)).display is not found.at_benchmark_scale
    assert np.array_equal(found.at_benchmark_scale, before)


def test_decoding_here_is_the_core_s_decoding() -> None:
    data = encoded(picture())
    assert np.array_equal(read_photograph("r", "t", data, max_pixels=10**6).pixels, decode_image(data))
    assert io.BytesIO(data).getbuffer().nbytes == len(data)


def test_a_photograph_over_the_limit_is_reduced_and_the_page_says_so() -> None:
    found = read_photograph("upload:x", "x", encoded(picture(300, 400), "JPEG", quality=95), max_pixels=30_000)
    assert (found.height, found.width) == (300, 400)
    assert found.read_at == (150, 200)
    assert "x · 400×300, more than this server decodes: read at 200×150" in photograph_html(found)
    assert read_photograph("upload:x", "x", encoded(picture(30, 40)), max_pixels=30_000).read_at is None
