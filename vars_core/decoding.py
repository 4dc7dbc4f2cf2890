"""One reader for every picture and every mask: formats, size limits, orientation, and every failure as an `ImageError`.

Pillow decodes; nothing else in the project opens a picture file. Turning by the orientation that a file carries (EXIF,
XMP or a TIFF tag) happens here, once, so that a photograph and its mask meet upright whatever they are stored as.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from vars_core.errors import InputError

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM", "HEIF")
"""What is decoded. Pillow knows many more, among them PostScript, for which it starts another program.

HEIF, as phones write it (.heic), comes from pillow-heif, which is loaded when the first such file is met.
"""

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""What stands at byte 8 of a HEIF file, after "ftyp"; AVIF files, which Pillow reads itself, have other brands."""

MAX_PIXELS = 64_000_000
"""Of a picture, unless the caller says otherwise."""

_ORIENTATION, _TIFF_WIDTH, _TIFF_HEIGHT = 274, 256, 257
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Orientation tag → what brings the stored pixels upright; 5 to 8 exchange width and height."""


class ImageError(InputError):
    """A picture that cannot be used, and why."""


@dataclass(frozen=True)
class Picture:
    """A decoded, upright picture as its file holds it: palette indices, grey levels or colours, any bit depth.

    ``format``: one of `FORMATS` (or "MPO", a JPEG with further pictures). ``full_size``: the (height, width) of the
    file's picture, upright; larger than the image's where it was reduced.
    """

    name: str
    format: str
    image: Image.Image
    full_size: tuple[int, int]

    @property
    def is_lossy(self) -> bool:
        """Whether the format does not keep every number as it was."""
        return self.format in ("JPEG", "MPO", "HEIF")


def read_picture(
    source: str | Path | bytes, *, max_pixels: int = MAX_PIXELS, min_side: int = 1, reduce: bool = False
) -> Picture:
    """The first frame of a picture file, or of its bytes. The size is checked before any pixel is decoded.

    ``reduce``: a larger picture is brought to at most ``max_pixels`` instead of being refused. A JPEG is reduced while
    it is decoded, so that memory stays bounded; of other formats one of at most `MAX_PIXELS` is reduced afterwards.
    Raises ImageError: absent, of another format, damaged, too large, or with a side below ``min_side`` pixels.
    """
    with _opened(source) as (name, image):
        form, (width, height) = image.format or "", image.size
        reduced = reduce and width * height > max_pixels
        allowed = max_pixels
        if reduced:
            allowed = width * height if form in ("JPEG", "MPO") else max(max_pixels, MAX_PIXELS)
        _check_size(name, width, height, allowed, min_side)
        if getattr(image, "is_animated", False):
            image.seek(0)
        _check_bitmap(name, image)
        if reduced:
            shrink = (max_pixels / (width * height)) ** 0.5
            image.draft(None, (max(1, round(width * shrink)), max(1, round(height * shrink))))
            _check_size(name, *image.size, max(max_pixels, MAX_PIXELS), min_side)
        image.load()
        orientation = _orientation(image)  # upright of a TIFF, which Pillow has turned while loading
        upright: Image.Image = image.transpose(_TURNS[orientation]) if orientation in _TURNS else image
        full_size = (upright.height, upright.width)
        if reduced and form in ("JPEG", "MPO"):  # the file's own size, of which the decoder gave a part
            full_size = (width, height) if orientation >= 5 else (height, width)
        if upright.width * upright.height > max_pixels:
            upright = upright.reduce(math.ceil((upright.width * upright.height / max_pixels) ** 0.5))
        return Picture(name, form, upright, full_size)


def picture_size(source: str | Path | bytes, *, max_pixels: int = MAX_PIXELS, min_side: int = 1) -> tuple[int, int]:
    """(height, width) as `read_picture` gives them, from the file's header alone. Raises ImageError alike."""
    with _opened(source) as (name, image):
        width, height = image.size
        tags = getattr(image, "tag_v2", {})  # of a TIFF: the stored size, whichever of the two Pillow's size is
        if _TIFF_WIDTH in tags:
            width, height = int(tags[_TIFF_WIDTH]), int(tags[_TIFF_HEIGHT])
        _check_size(name, width, height, max_pixels, min_side)
        return (width, height) if _orientation(image) >= 5 else (height, width)


@contextmanager
def _opened(source: str | Path | bytes) -> Iterator[tuple[str, Image.Image]]:
    """(name, opened picture); whatever goes wrong while it is open is an ImageError that names it."""
    name = "the image" if isinstance(source, bytes) else Path(source).name
    try:
        if not isinstance(source, bytes) and not Path(source).is_file():
            raise ImageError(f"no image at '{source}'")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with (
                io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as stream,
                Image.open(stream, formats=_formats_for(stream)) as image,
            ):
                yield name, image
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"{name} is not a picture in a format that can be read") from None
    except Image.DecompressionBombError:
        raise ImageError(f"{name} has far more pixels than the {MAX_PIXELS:,} allowed") from None
    except (struct.error, IndexError, KeyError, EOFError) as error:  # their words mean nothing to anybody
        raise ImageError(f"{name} cannot be decoded: it is damaged ({type(error).__name__})") from None
    except Exception as error:  # decoders of some eight formats raise almost anything on a damaged file
        raise ImageError(f"{name} cannot be decoded: {' '.join(str(error).split()) or type(error).__name__}") from None


def _formats_for(stream: BinaryIO) -> tuple[str, ...]:
    """`FORMATS`, with HEIF only where the stream holds such a file: its reader is loaded then."""
    start = stream.read(12)
    stream.seek(0)
    if start[4:8] != b"ftyp" or start[8:12] not in _HEIF_BRANDS:
        return tuple(name for name in FORMATS if name != "HEIF")
    if "HEIF" not in Image.OPEN:
        import pillow_heif

        pillow_heif.register_heif_opener()
    return FORMATS


def _check_size(name: str, width: int, height: int, max_pixels: int, min_side: int) -> None:
    if width * height > max_pixels:
        raise ImageError(f"{name} has {width}×{height} pixels, more than the {max_pixels:,} allowed")
    if min(width, height) < min_side:
        raise ImageError(f"{name} is {width}×{height} pixels: expected at least {min_side}×{min_side}")


def _check_bitmap(name: str, image: Image.Image) -> None:
    """Two kinds of bitmap that Pillow (up to 12.3) takes for others and turns into noise: 8 bits a pixel with a palette
    of black and white, and 4 bits a pixel in runs of odd lengths."""
    stream = getattr(image, "fp", None)
    if image.format != "BMP" or stream is None:
        return
    stream.seek(28)
    bits = int.from_bytes(stream.read(2), "little")
    if (image.mode == "1" and bits != 1) or (bits == 4 and image.info.get("compression") == 2):
        raise ImageError(f"{name} is a bitmap of {bits} bits of a kind that cannot be read safely: save it as PNG")


def _orientation(image: Image.Image) -> int:
    """1..8; 1 (upright) where the file says nothing that can be understood."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # a photograph with damaged EXIF is still a photograph
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
