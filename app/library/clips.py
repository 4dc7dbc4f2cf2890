"""Short films: a visitor's video, or a pan over a photograph, as few and small frames."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from app.library.photographs import MAX_ASPECT, Photograph, fitted
from vars_core.errors import InputError
from vars_core.images import Placement, decode_image

if TYPE_CHECKING:
    import av

MAX_SECONDS = 20
RATE = 8
"""Frames of a second that are kept, about; others are passed over."""

FRAME_SIDE = 384
"""Longest side of a frame, in pixels: a larger video is reduced to it."""

MAX_DECODED = 3000
"""Frames that are decoded of one video: 20 seconds at 150 a second."""

QUALITY = 92
"""Of the JPEG that a frame is kept as, which is what is shown and what the model sees."""

PAN_FRAMES = 16
PAN_SHARE = 0.7
"""Of a photograph's longer side, that a frame of a pan shows."""

MAX_SHOT_BYTES = 400_000
"""Of a camera's frame as the browser sends it."""

CONTAINERS = {"mp4": (4, b"ftyp"), "matroska": (0, b"\x1a\x45\xdf\xa3"), "gif": (0, b"GIF8"), "avi": (8, b"AVI ")}
"""What a video is opened as, by the bytes that it begins with, and where these stand.

Nothing is guessed from elsewhere: FFmpeg knows formats that name further files and addresses to open.
"""

SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".gif", ".avi")


@dataclass(frozen=True)
class Clip:
    """``frames``: JPEG files in their order, on average ``seconds`` apart; height and width are the source's."""

    ref: str
    title: str
    height: int
    width: int
    frames: tuple[bytes, ...] = field(repr=False)
    seconds: float = 1 / RATE

    def __len__(self) -> int:
        return len(self.frames)

    def picture(self, index: int) -> np.ndarray:
        """A frame as uint8 (h, w, 3)."""
        decoded = cv2.imdecode(np.frombuffer(self.frames[index], np.uint8), cv2.IMREAD_COLOR_RGB)
        assert decoded is not None
        return np.asarray(decoded)

    def square(self, index: int, size: int) -> np.ndarray:
        """A frame as a model sees it, the whole of it, uint8 (size, size, 3)."""
        return squared(self.picture(index), size)

    def address(self, index: int) -> str:
        """A frame as a ``data:`` address."""
        return "data:image/jpeg;base64," + base64.b64encode(self.frames[index]).decode()


def squared(picture: np.ndarray, size: int) -> np.ndarray:
    """A picture as a model sees it, the whole of it, uint8 (size, size, 3)."""
    return Placement(picture.shape[0], picture.shape[1], size).place(picture)


def read_clip(path: Path, *, max_pixels: int) -> Clip:
    """A video that a visitor sent; its name is forgotten.

    Raises InputError for what is no video, is damaged, or has too many seconds, frames or pixels.
    """
    data = path.read_bytes()
    import av

    try:
        with av.open(io.BytesIO(data), "r", format=container_of(data)) as container:
            if not container.streams.video:
                raise InputError("expected a video, this file has no pictures")
            kept = list(_kept(container, max_pixels))
            stream = container.streams.video[0]
            height, width = stream.height, stream.width
    except InputError:
        raise
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        raise InputError(f"the video is damaged or of a kind that cannot be read ({_first_line(error)})") from None
    if len(kept) < 2:
        raise InputError(f"expected a video of at least two frames within its time, got {len(kept)}")
    times = [time for time, _ in kept]
    seconds = (times[-1] - times[0]) / (len(times) - 1)
    ref = f"film:{hashlib.sha256(data).hexdigest()}"
    return Clip(ref, "your video", height, width, tuple(frame for _, frame in kept), seconds or 1 / RATE)


def container_of(data: bytes) -> str:
    """A key of `CONTAINERS`. Raises InputError for anything else."""
    for name, (start, mark) in CONTAINERS.items():
        if data[start : start + len(mark)] == mark:
            return name
    raise InputError("expected a video as MP4, WebM, GIF or AVI, this file is none of them")


def pan(photograph: Photograph) -> Clip:
    """A film to begin with: a window that moves over a photograph along its longer side, and back."""
    picture = photograph.display
    height, width = picture.shape[:2]
    along, down = (0, width) if width >= height else (height, 0)
    window, longer = round(PAN_SHARE * max(height, width)), max(along, down)
    frames = []
    for i in range(PAN_FRAMES):
        start = round((longer - window) * 0.5 * (1 - np.cos(2 * np.pi * i / PAN_FRAMES)))
        part = picture[:, start : start + window] if width >= height else picture[start : start + window]
        frames.append(_jpeg(fitted(part, FRAME_SIDE)))
    title = f"a pan over {photograph.title}"
    return Clip(f"pan:{photograph.ref}", title, photograph.height, photograph.width, tuple(frames))


def read_shot(text: str) -> np.ndarray:
    """A camera's frame as the browser sends it, a ``data:`` address of a JPEG: uint8 (h, w, 3). Raises InputError."""
    _, comma, encoded = text.partition("base64,")
    try:
        data = base64.b64decode(encoded, validate=True) if comma and len(encoded) <= 4 * MAX_SHOT_BYTES // 3 else b""
    except binascii.Error:
        data = b""
    if not data:
        raise InputError(f"expected a camera's frame as a JPEG of at most {MAX_SHOT_BYTES:,} bytes")
    return decode_image(data, max_pixels=1_000_000)


def _kept(container: av.container.InputContainer, max_pixels: int) -> Iterator[tuple[float, bytes]]:
    """(seconds since the first, JPEG) of the frames to keep."""
    stream = container.streams.video[0]
    if not 0 < stream.width * stream.height <= max_pixels:
        raise InputError(f"the video has {stream.width}×{stream.height} pixels: expected at most {max_pixels:,}")
    if max(stream.width, stream.height) > MAX_ASPECT * min(stream.width, stream.height):
        raise InputError(f"the video has {stream.width}×{stream.height} pixels: expected sides within {MAX_ASPECT}")
    if container.duration is not None and container.duration / 1e6 > MAX_SECONDS + 0.5:
        raise InputError(f"the video lasts {container.duration / 1e6:.0f} seconds: expected at most {MAX_SECONDS}")
    scale = min(1.0, FRAME_SIDE / max(stream.width, stream.height))
    width, height = (max(1, round(side * scale)) for side in (stream.width, stream.height))
    rate = float(stream.average_rate or 25)
    start, due = None, 0.0
    for number, frame in enumerate(container.decode(stream)):
        time = number / rate if frame.time is None else frame.time
        start = time if start is None else start
        if number >= MAX_DECODED or time - start > MAX_SECONDS + 0.5:
            raise InputError(f"the video has more than {MAX_SECONDS} seconds or {MAX_DECODED:,} frames: cut it first")
        if time - start < due:
            continue
        due = time - start + 1 / RATE - 0.25 / rate  # of a film of 8.3 frames a second none is passed over
        small = frame.reformat(width, height, "rgb24", interpolation="AREA").to_ndarray()
        upright = np.rot90(small, round(frame.rotation / 90))  # phones turn the picture by a note beside it
        yield time - start, _jpeg(np.ascontiguousarray(upright))


def _jpeg(picture: np.ndarray) -> bytes:
    _, encoded = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return encoded.tobytes()


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "strerror", "") or error).splitlines() or ["no reason given"])[0][:120]
