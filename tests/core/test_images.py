"""Photographs in every shape they come in, and the way back from a map to the photograph."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from analysis.source_factors import single_factors, source_factors
from vars_core.images import ImageError, Placement, decode_image, normalise
from vars_core.preprocessing import Preprocessing


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def colours(height: int = 20, width: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_plain_photograph_comes_back_as_it_was() -> None:
    pixels = colours()
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(pixels))), pixels)


def test_grey_becomes_three_equal_channels() -> None:
    grey = colours()[..., 0]
    decoded = decode_image(encoded(Image.fromarray(grey)))
    np.testing.assert_array_equal(decoded, np.repeat(grey[..., None], 3, axis=2))


def test_transparency_is_laid_on_white() -> None:
    layer = np.zeros((4, 4, 4), dtype=np.uint8)
    layer[:2, :, 3] = 255
    decoded = decode_image(encoded(Image.fromarray(layer)))
    assert (decoded[:2] == 0).all() and (decoded[2:] == 255).all()


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    values = np.linspace(0, 65535, 16).reshape(4, 4).astype(np.uint16)
    decoded = decode_image(encoded(Image.fromarray(values)))
    np.testing.assert_allclose(decoded[..., 0], values / 257, atol=1)


def test_cmyk_palette_and_animation_simply_work() -> None:
    image = Image.fromarray(colours())
    assert decode_image(encoded(image.convert("CMYK"), "JPEG")).shape == (20, 30, 3)
    assert decode_image(encoded(image.convert("P"), "GIF")).shape == (20, 30, 3)
    red, blue = (Image.new("RGB", (8, 6), name) for name in ("red", "blue"))
    animation = decode_image(encoded(red, "GIF", save_all=True, append_images=[blue]))
    assert tuple(animation[0, 0]) == (255, 0, 0) and animation.shape == (6, 8, 3)


def test_the_rotation_in_exif_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    pixels = np.zeros((10, 20, 3), dtype=np.uint8)
    pixels[:, :10] = 255
    decoded = decode_image(encoded(Image.fromarray(pixels), "PNG", exif=exif))
    assert decoded.shape == (20, 10, 3)
    assert (decoded[:10] == 255).all() and (decoded[10:] == 0).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a picture"),
        (b"<svg><script/></svg>", "is not a picture"),
        (encoded(Image.fromarray(colours(200, 300)), "JPEG")[:900], "cannot be decoded"),
        (encoded(Image.new("RGB", (1, 1))), "1×1 pixels: expected at least 2×2"),
        (encoded(Image.new("1", (30_000, 1))), "30000×1 pixels"),
        (encoded(Image.new("1", (9000, 9000))), "9000×9000 pixels, more than"),
    ],
)
def test_what_cannot_be_shown_is_one_clear_sentence(data: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message) as caught:
        decode_image(data)
    assert "\n" not in str(caught.value)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no image at"):
        decode_image(tmp_path / "absent.jpg")


@given(st.integers(3, 90), st.integers(3, 90), st.sampled_from(["whole", "center"]))
@settings(deadline=None, max_examples=40)
def test_a_constant_map_is_constant_on_the_source(height: int, width: int, policy: str) -> None:
    placement = Placement(height, width, 32, policy)
    assert placement.place(np.zeros((height, width, 3), np.uint8)).shape == (32, 32, 3)
    placed = placement.to_source(np.full((7, 7), 0.25, np.float32))
    assert placed.shape == (height, width) and placed.dtype == np.float32
    np.testing.assert_allclose(placed, 0.25, atol=1e-6)


@pytest.mark.parametrize("policy", ["whole", "center"])
@pytest.mark.parametrize(("height", "width"), [(90, 150), (150, 90)])
def test_what_the_model_sees_lies_where_the_map_is_put_back(height: int, width: int, policy: str) -> None:
    """A bright patch on the source, seen by the model as a map, returns to the same place."""
    image = np.zeros((height, width, 3), np.uint8)
    y, x = int(height * 0.4), int(width * 0.55)
    image[y - 4 : y + 4, x - 4 : x + 4] = 255
    placement = Placement(height, width, 64, policy)
    returned = placement.to_source(placement.place(image)[..., 0].astype(np.float32))
    peak = np.unravel_index(returned.argmax(), returned.shape)
    assert abs(peak[0] - y) <= 4 and abs(peak[1] - x) <= 4


@given(
    st.integers(8, 90), st.integers(8, 90), st.integers(1, 6), st.integers(0, 13), st.sampled_from(["whole", "center"])
)
@settings(deadline=None, max_examples=25)
def test_a_map_lies_on_the_pixels_that_patches_cover(
    height: int, width: int, count: int, margin: int, policy: str
) -> None:
    """A column that rises by one a patch, of patches of 14 pixels and a margin that none of them sees."""
    size, covered = 14 * count + margin, 14 * count
    placement = Placement(height, width, size, policy, Preprocessing(covered=covered))
    ramp = np.repeat(np.arange(count, dtype=np.float32)[:, None], 3, axis=1)
    top, bottom = placement.box[1], placement.box[3]
    seen = (np.arange(height) + 0.5 - top) * size / (bottom - top)  # in pixels of the input
    wanted = np.clip(seen / 14 - 0.5, 0, count - 1)
    coarse = max(1.0, size / (bottom - top)) / 14  # the detour over the input's own pixels rounds corners by as much
    np.testing.assert_allclose(placement.to_source(ramp)[:, width // 2], wanted, atol=coarse)
    for factors, tolerance in ((single_factors, 1e-4), (source_factors, 2e-3)):
        placed = factors(placement, ramp.shape).place(ramp)
        np.testing.assert_allclose(placed, placement.to_source(ramp), atol=tolerance * count)


def test_a_normalised_channel_is_measured_in_what_the_model_learned() -> None:
    images = colours(16, 16)[None]
    seen = Preprocessing(mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7))
    for channel, (mean, std) in enumerate(zip(seen.mean, seen.std, strict=True)):
        expected = (images[..., channel] / 255 - mean) / std
        np.testing.assert_allclose(normalise(images, seen)[:, channel], expected, atol=1e-6)
