"""One reader for photographs and masks: upright from every format, and a sentence for whatever cannot be read."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from vars_core.data.mask_set import MaskSet
from vars_core.data.mask_values import MaskValues
from vars_core.data.masks import Pair, read_mask
from vars_core.decoding import ImageError, picture_size, read_picture
from vars_core.images import decode_image, decode_reduced

# What the picture must be turned by so that a reader who obeys the tag sees it upright.
STORED = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2),
    8: lambda a: np.rot90(a, -1),
}
SUFFIXES = [".png", ".tif", ".jpg", ".webp"]


def upright(seed: int, height: int, width: int) -> np.ndarray:
    """Smooth, so that JPEG keeps it, and different in every corner."""
    corners = np.random.default_rng(seed).integers(0, 256, (2, 2, 3)).astype(np.uint8)
    return cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)


def write_turned(path: Path, picture: np.ndarray, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    options = (
        {"lossless": True}
        if path.suffix == ".webp"
        else {"quality": 100, "subsampling": 0}
        if path.suffix == ".jpg"
        else {}
    )
    Image.fromarray(np.ascontiguousarray(STORED[orientation](picture))).save(path, exif=exif, **options)


@given(
    orientation=st.integers(1, 8),
    suffix=st.sampled_from(SUFFIXES),
    mask_orientation=st.integers(1, 8),
    mask_suffix=st.sampled_from([".png", ".tif"]),
    compressed=st.booleans(),
    height=st.integers(4, 24),
    width=st.integers(4, 24),
)
@settings(deadline=None, max_examples=80)
def test_a_photograph_and_its_mask_meet_upright_however_they_are_stored(
    tmp_path_factory: pytest.TempPathFactory,
    orientation: int,
    suffix: str,
    mask_orientation: int,
    mask_suffix: str,
    compressed: bool,
    height: int,
    width: int,
) -> None:
    folder, picture = tmp_path_factory.mktemp("p"), upright(3, height, width)
    photograph, mask = folder / f"a{suffix}", folder / f"m{mask_suffix}"
    write_turned(photograph, picture, orientation)
    labels = np.zeros((height, width), np.uint8)
    labels[: height // 2, : width // 3 + 1] = 255
    write_turned(mask, labels, mask_orientation)
    if compressed and mask_suffix == ".tif":
        exif = Image.Exif()
        exif[274] = mask_orientation
        stored = np.ascontiguousarray(STORED[mask_orientation](labels))
        Image.fromarray(stored).save(mask, compression="tiff_lzw", exif=exif)
    assert picture_size(photograph) == picture_size(mask) == (height, width)
    image, regions = MaskSet("pairs", (), MaskValues("binary")).load(Pair("a", photograph, mask))
    np.testing.assert_allclose(image.astype(int), picture, atol=8 if suffix == ".jpg" else 0)
    np.testing.assert_array_equal(regions, labels > 0)


@given(
    kind=st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM"]),
    cut=st.floats(0.02, 0.98),
    garbled=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12),
)
@settings(deadline=None, max_examples=150)
def test_a_damaged_file_is_a_picture_or_one_named_sentence(
    kind: str, cut: float, garbled: list[tuple[float, int]]
) -> None:
    stream = io.BytesIO()
    Image.fromarray(upright(1, 30, 40)).save(stream, kind)
    data = bytearray(stream.getvalue())
    for place, value in garbled:
        data[int(place * (len(data) - 1))] = value
    whole = bytes(data if garbled else data[: int(cut * len(data))])
    for read in (decode_image, picture_size, read_picture):
        try:
            read(whole)
        except ImageError as error:
            assert "\n" not in str(error) and str(error).startswith("the image")


FOREIGN = {
    "dds.png": b"DDS " + (124).to_bytes(4, "little") + bytes(120) + b"\x00" * 64,
    "empty.jpg": b"",
    "text.tif": b"II*\x00" + b"\xff" * 40,
    "page.png": b"<html></html>",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_under_a_pictures_name_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FOREIGN[name])
    for read in (decode_image, picture_size, read_mask):
        with pytest.raises(ImageError, match=name):
            read(tmp_path / name)


def test_a_bitmap_that_claims_more_pixels_than_pillow_allows_is_named(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "scan.bmp")
    data = bytearray((tmp_path / "scan.bmp").read_bytes())
    data[18:26] = (20_000).to_bytes(4, "little") * 2
    (tmp_path / "scan.bmp").write_bytes(data)
    for read in (decode_image, picture_size, read_mask):
        with pytest.raises(ImageError, match=r"scan\.bmp has (far )?more|scan\.bmp has 20000×20000"):
            read(tmp_path / "scan.bmp")


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_grey_of_many_bits_is_as_bright_as_its_own_scale(bits: int) -> None:
    full = 2**bits - 1
    stream = io.BytesIO()
    Image.fromarray(np.linspace(0, full, 64).reshape(8, 8).round().astype(np.uint16)).save(stream, "PNG")
    np.testing.assert_allclose(decode_image(stream.getvalue())[..., 0].ravel(), np.linspace(0, 255, 64), atol=1)


def test_damaged_exif_leaves_a_photograph_a_photograph() -> None:
    stream = io.BytesIO()
    Image.fromarray(upright(1, 30, 40)).save(stream, "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert decode_image(stream.getvalue()).shape == (30, 40, 3)


def test_bitmaps_that_pillow_reads_as_noise_are_refused(tmp_path: Path) -> None:
    image = Image.frombytes("P", (6, 4), bytes([0, 1] * 12))
    image.putpalette([0, 0, 0, 255, 255, 255])
    image.save(tmp_path / "two.bmp")
    with pytest.raises(ImageError, match=r"two\.bmp is a bitmap of 8 bits of a kind"):
        read_mask(tmp_path / "two.bmp")
    Image.new("1", (6, 4), 1).save(tmp_path / "one.bmp")
    assert (read_mask(tmp_path / "one.bmp").numbers == 255).all()
    plain = bytearray((tmp_path / "one.bmp").read_bytes())
    plain[28:34] = (4).to_bytes(2, "little") + (2).to_bytes(4, "little")
    (tmp_path / "runs.bmp").write_bytes(plain)
    with pytest.raises(ImageError, match=r"runs\.bmp is a bitmap of 4 bits of a kind"):
        read_mask(tmp_path / "runs.bmp")


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_phones_heic_is_upright(tmp_path: Path, orientation: int) -> None:
    picture, exif = upright(5, 64, 96), Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](picture)))
    file = pillow_heif.from_pillow(stored)
    file.save(tmp_path / "a.heic", quality=100, exif=exif.tobytes())
    found = decode_image(tmp_path / "a.heic")
    assert found.shape == picture.shape
    assert np.abs(found.astype(int) - picture).mean() < 4, "HEIC is lossy"
    assert decode_image((tmp_path / "a.heic").read_bytes()).shape == picture.shape
    assert picture_size(tmp_path / "a.heic") == picture.shape[:2]


def test_other_files_need_no_reader_of_heic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(ImageError, match="not a picture in a format that can be read"):
        decode_image(b"not a picture at all")
    assert "HEIF" not in Image.OPEN


def test_what_only_begins_like_a_heic_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"not a picture in a format that can be read|damaged|cannot be decoded"):
        decode_image(b"\0\0\0\x18ftypheic" + b"\0" * 200)


@pytest.mark.parametrize(("suffix", "orientation"), [(".jpg", 1), (".jpg", 6), (".png", 1), (".tif", 1)])
def test_a_photograph_over_the_limit_is_reduced_where_that_is_asked_for(
    tmp_path: Path, suffix: str, orientation: int
) -> None:
    picture, path = upright(4, 300, 400), tmp_path / f"a{suffix}"
    write_turned(path, picture, orientation)
    with pytest.raises(ImageError, match="more than the 20,000 allowed"):
        decode_image(path, max_pixels=20_000)
    found, size = decode_reduced(path, max_pixels=20_000)
    assert size == (300, 400)
    assert 5_000 < found.shape[0] * found.shape[1] <= 20_000
    small = cv2.resize(picture, found.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(found.astype(int) - small).mean() < 3


def test_a_large_jpeg_is_reduced_by_the_decoder_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, decoded = tmp_path / "a.jpg", []
    Image.new("RGB", (12_000, 8_000), "red").save(path, quality=30)
    load = JpegImageFile.load
    monkeypatch.setattr(JpegImageFile, "load", lambda image: (load(image), decoded.append(image.size))[0])
    found, size = decode_reduced(path, max_pixels=1_000_000)
    assert size == (8_000, 12_000)
    assert found.shape[:2] == (500, 750)
    assert max(decoded) == (1500, 1000), "an eighth of either side"


def test_other_formats_far_over_the_limit_are_still_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("1", (9_000, 8_000)).save(path)
    with pytest.raises(ImageError, match="9000×8000 pixels, more than the 64,000,000 allowed"):
        decode_reduced(path, max_pixels=1_000_000)
