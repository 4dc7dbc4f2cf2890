"""What a reader finds in a PDF of ours: parsed from the bytes, by the references that stand in them."""

from __future__ import annotations

import io
import re
import zlib
from functools import cached_property

import numpy as np
from PIL import Image


class Pdf:
    """One page. Raises where something that is referred to is not there."""

    def __init__(self, data: bytes) -> None:
        assert data.startswith(b"%PDF-") and data.endswith(b"%%EOF\n")
        found = re.finditer(rb"(\d+) 0 obj\n(.*?)\nendobj\n", data, re.DOTALL)
        self._objects = {int(one[1]): one[2] for one in found}
        self._page = next(body for body in self._objects.values() if b"/Type /Page " in body)

    @property
    def box(self) -> tuple[float, ...]:
        """(width, height) in points."""
        return tuple(float(value) for value in self._entry(self._page, rb"/MediaBox \[0 0 (.*?)\]").split())

    @property
    def title(self) -> str:
        """What a reader shows in its frame."""
        told = next(body for body in self._objects.values() if b"/Title" in body)
        return bytes.fromhex(self._entry(told, rb"/Title <feff(.*?)>").decode()).decode("utf-16-be")

    @cached_property
    def content(self) -> str:
        """The page's operators."""
        return self._stream(self._reference(self._page, b"Contents")).decode()

    @property
    def text(self) -> list[str]:
        """The texts as a reader copies them, in order."""
        maps = {name: self._characters(number) for name, number in self._named(b"Font").items()}
        shown = re.findall(r"/(F\d) (\S+) Tf \S+ \S+ Td <([0-9a-f]*)> Tj", self.content)
        return ["".join(maps[font][g] for g in re.findall("....", glyphs)) for font, _, glyphs in shown]

    @property
    def sizes(self) -> list[float]:
        """Of the letters of each text, in points."""
        return [float(size) for size in re.findall(r"/F\d (\S+) Tf", self.content)]

    @property
    def fonts(self) -> dict[str, bytes]:
        """Embedded fonts by their name."""
        files = {}
        for body in self._objects.values():
            if b"/Type /FontDescriptor" in body:
                name = self._entry(body, rb"/FontName /\w+\+(\S+)").decode()
                files[name] = self._stream(self._reference(body, b"FontFile2"))
        return files

    @property
    def pictures(self) -> list[np.ndarray]:
        """uint8 (h, w, 3) each, in the order they are drawn."""
        named = self._named(b"XObject")
        return [self._picture(named[name]) for name in re.findall(r"/(I\d+) Do", self.content)]

    def _picture(self, number: int) -> np.ndarray:
        body = self._objects[number]
        width, height = (int(self._entry(body, rb"/%s (\d+)" % key)) for key in (b"Width", b"Height"))
        if b"/DCTDecode" in body:
            return np.asarray(Image.open(io.BytesIO(self._raw(body))))
        return np.frombuffer(self._stream(number), np.uint8).reshape(height, width, 3)

    def _characters(self, font: int) -> dict[str, str]:
        text = self._stream(self._reference(self._objects[font], b"ToUnicode")).decode()
        pairs = re.findall(r"^<(....)> <([0-9a-f]+)>$", text, re.MULTILINE)
        return {glyph: bytes.fromhex(letter).decode("utf-16-be") for glyph, letter in pairs if glyph != "0000"}

    def _named(self, kind: bytes) -> dict[str, int]:
        entries = self._entry(self._page, rb"/%s << (.*?) >>" % kind).decode()
        return {name: int(number) for name, number in re.findall(r"/(\w+) (\d+) 0 R", entries)}

    def _stream(self, number: int) -> bytes:
        return zlib.decompress(self._raw(self._objects[number]))

    def _raw(self, body: bytes) -> bytes:
        entries, data = body.split(b"\nstream\n", 1)
        return data[: int(self._entry(entries, rb"/Length (\d+)"))]

    def _reference(self, body: bytes, key: bytes) -> int:
        return int(self._entry(body, rb"/%s (\d+) 0 R" % key))

    @staticmethod
    def _entry(body: bytes, pattern: bytes) -> bytes:
        found = re.search(pattern, body, re.DOTALL)
        assert found is not None, pattern
        return found[1]
