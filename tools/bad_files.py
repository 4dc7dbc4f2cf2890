"""Files that are no photographs, or too much of one."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np

from tests.app.made import encoded, picture

NAMES = (
    "photo.png",
    "../../../../tmp/escaped.png",
    "..\\..\\escaped.png",
    "/etc/cron.d/escaped.png",
    "a\x00b.png",
    "line\nbreak\r.png",
    "\x1b[31mred.png",
    "<img src=x onerror=alert(1)>.png",
    "a" * 300 + ".png",
    "‮gnp.exe",
    "CON.png",
    ".htaccess",
)
"""Names that visitors should not send."""


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that says it is enormous, in a hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def zip_bomb() -> bytes:
    """Ten megabytes of zeros in ten kilobytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("photo.png", bytes(10_000_000))
    return buffer.getvalue()


def malformed(count: int = 500, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """(what it is, bytes): the fixed ones first, then truncated and garbled photographs."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.cookie)</script></svg>'
    fixed = [
        ("0 bytes", b""),
        ("text", b"hello"),
        ("html", b"<html><script>alert(1)</script></html>"),
        ("svg with script", svg),
        ("zip bomb", zip_bomb()),
        ("decompression bomb", png_of_size(50_000, 50_000)),
        ("enormous header", png_of_size(2**31 - 1, 2**31 - 1)),
        ("30,000 × 1 pixels", encoded(np.zeros((1, 30_000, 3), np.uint8))),
        ("1 × 30,000 pixels", encoded(np.zeros((30_000, 1, 3), np.uint8))),
        ("30,000 × 2 pixels", encoded(np.zeros((2, 30_000, 3), np.uint8))),
        ("1 pixel", encoded(picture(1, 1))),
        ("a pickle", b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."),
        ("pdf", b"%PDF-1.7\n" + bytes(200)),
        ("gzip", b"\x1f\x8b\x08" + bytes(100)),
        ("too many pixels", png_of_size(9_000, 8_000)),
        ("postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\nshowpage\n"),
    ]
    yield from fixed[:count]
    rng = np.random.default_rng(seed)
    whole = {kind: encoded(picture(80, 90), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")}
    for i in range(max(0, count - len(fixed))):
        kind = list(whole)[i % len(whole)]
        data = bytearray(whole[kind])
        if i % 2:
            yield f"truncated {kind}", bytes(data[: int(rng.integers(1, max(2, len(data) // 2)))])
        else:
            data[: len(data) // 2] = rng.integers(0, 256, len(data) // 2, dtype=np.uint8).tobytes()
            yield f"garbled {kind}", bytes(data)
