"""Frames one after another, as an animated picture or a film."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from vars_core.errors import InputError

FORMATS = (".gif", ".webp", ".mp4")
FRAME_RATE = 25
"""Of a film, a second; an iterate is held for as many frames as it is shown."""


def animation(pictures: Sequence[np.ndarray], suffix: str, seconds: float = 0.8) -> bytes:
    """Frames uint8 (H, W, 3), ``seconds`` each and the last twice as long, as a file of one of `FORMATS`.

    GIF and WebP repeat without end. MP4 is H.264 with 4:2:0 colour, which every browser and slide program plays; an odd
    last row or column is left out, since it cannot have one. Raises InputError: another suffix, or no frames.
    """
    if suffix not in FORMATS:
        raise InputError(f"expected an animation as {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, got {suffix!r}")
    if not pictures:
        raise InputError("expected at least one frame, got none")
    if suffix == ".mp4":
        return film(pictures, seconds)
    first, *rest = (Image.fromarray(picture) for picture in pictures)
    each = round(1000 * seconds)
    durations = [each] * (len(pictures) - 1) + [2 * each]
    file = io.BytesIO()
    first.save(file, suffix[1:], save_all=True, append_images=rest, duration=durations, loop=0)
    return file.getvalue()


def film(pictures: Sequence[np.ndarray], seconds: float) -> bytes:
    """MP4 by FFmpeg's libraries, which PyAV brings along.

    Colours are BT.709 and say so: of a film that does not, players guess by its height, and guess otherwise.
    """
    import av
    from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    held = max(1, round(seconds * FRAME_RATE))
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        told = stream.codec_context
        told.colorspace, told.color_range = Colorspace.ITU709, ColorRange.MPEG
        told.color_primaries, told.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        for at, picture in enumerate(pictures):
            pixels = np.ascontiguousarray(picture[:height, :width])
            for _ in range(held * (2 if at == len(pictures) - 1 else 1)):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)))
        container.mux(stream.encode(None))
    return file.getvalue()
