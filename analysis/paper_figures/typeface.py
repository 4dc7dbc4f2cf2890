"""The letters of figures: the same in pixels, in PDF and in SVG, with their widths (assets/fonts)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from PIL import ImageFont

from vars_core.assets import ASSETS

FAMILY = "DejaVu Sans Condensed"


@dataclass(frozen=True)
class Typeface:
    """A TrueType font, read from its file (OpenType specification: head, hhea, hmtx, cmap format 4).

    ``name``: its PostScript name. ``glyphs``: code point → number of its glyph; a letter that it lacks has 0, the box.
    ``advances``: the width of each glyph; ``box``: (left, bottom, right, top) around all; ``ascent``, ``descent``: of a
    line; all in thousandths of the letters' size.
    """

    name: str
    path: Path
    data: bytes = field(repr=False)
    glyphs: dict[int, int] = field(repr=False)
    advances: np.ndarray = field(repr=False)
    box: tuple[int, int, int, int]
    ascent: int
    descent: int

    def numbers(self, text: str) -> list[int]:
        """Its glyphs, one a letter."""
        return [self.glyphs.get(ord(letter), 0) for letter in text]

    def width(self, text: str, size: float) -> float:
        """Of a line, in the unit of ``size``."""
        return float(self.advances[self.numbers(text)].sum()) * size / 1000

    def sized(self, size: float) -> ImageFont.FreeTypeFont:
        """As Pillow draws it, ``size`` in pixels."""
        return _sized(self.path, size)

    def wrapped(self, text: str, width: float, size: float) -> list[str]:
        """The lines of a text that is ``width`` wide, broken between its words; a point between two parts ends none."""
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width(longer, size) <= width:
                lines[-1] = longer
            else:
                lines[-1:] = [line.removesuffix(" ·") for line in lines[-1:]]
                lines.append(word)
        return lines


@cache
def typeface(bold: bool = False) -> Typeface:
    """The one that figures are lettered in."""
    name = "DejaVuSansCondensed" + ("-Bold" if bold else "")
    path = ASSETS / "fonts" / f"{name}.ttf"
    data = path.read_bytes()
    (count,) = struct.unpack_from(">H", data, 4)
    directory = struct.iter_unpack(">4sIII", data[12 : 12 + 16 * count])
    tables = {tag: data[start : start + size] for tag, _, start, size in directory}
    (unit,) = struct.unpack_from(">H", tables[b"head"], 18)
    box = struct.unpack_from(">4h", tables[b"head"], 36)
    ascent, descent = struct.unpack_from(">2h", tables[b"hhea"], 4)
    (metrics,) = struct.unpack_from(">H", tables[b"hhea"], 34)
    (glyphs,) = struct.unpack_from(">H", tables[b"maxp"], 4)
    advances = np.frombuffer(tables[b"hmtx"], ">u2", 2 * metrics)[::2]
    advances = np.pad(advances, (0, glyphs - metrics), mode="edge") * (1000 / unit)
    left, bottom, right, top, above, below = (round(1000 * value / unit) for value in (*box, ascent, descent))
    return Typeface(name, path, data, _glyphs(tables[b"cmap"]), advances, (left, bottom, right, top), above, below)


def _glyphs(cmap: bytes) -> dict[int, int]:
    """Code point → glyph, from the first part in format 4: segments of code points, each with an offset."""
    (parts,) = struct.unpack_from(">H", cmap, 2)
    starts = [struct.unpack_from(">I", cmap, 8 + 8 * i)[0] for i in range(parts)]
    part = next(cmap[start:] for start in starts if struct.unpack_from(">H", cmap, start)[0] == 4)
    segments = struct.unpack_from(">H", part, 6)[0] // 2
    ends, firsts, deltas, offsets = (
        np.frombuffer(part, ">u2", segments, at + 2 * segments * k).astype(int) for k, at in enumerate((14, 16, 16, 16))
    )
    found = {}
    for i, (first, end, delta, offset) in enumerate(zip(firsts, ends, deltas, offsets, strict=True)):
        for code in range(first, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:  # from where it stands itself, to an array of glyphs
                (glyph,) = struct.unpack_from(">H", part, 16 + 6 * segments + 2 * i + offset + 2 * (code - first))
            if glyph := (glyph + delta) % 65536 if glyph or not offset else 0:
                found[code] = glyph
    return found


@lru_cache(maxsize=64)
def _sized(path: Path, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
