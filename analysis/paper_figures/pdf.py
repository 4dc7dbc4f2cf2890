"""Marks as a PDF of one page: text as text, lines as lines, pictures as pictures (ISO 32000-1).

A point of the drawing is a point of the page. Letters are those of `typeface`, embedded, and each says which character
it is, so that text can be searched and copied. Nothing depends on the day: the same marks give the same bytes.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Sequence

from PIL import Image

from analysis.paper_figures.marks import RIM, Box, Dot, Mark, Polyline, Raster, Text
from analysis.paper_figures.typeface import Typeface, typeface

JPEG_QUALITY = 95
"""Of smooth pictures, at full resolution of colour; others are kept pixel for pixel."""

ROUND = 0.5523
"""Where the handles of four Bézier curves lie that make a circle, in radii."""


def pdf(marks: Sequence[Mark], width: float, height: float, title: str) -> bytes:
    """The file. ``width``, ``height``: of the page, in points; y of the marks runs downwards from its top."""
    document = Document()
    faces = {bold: typeface(bold) for bold in sorted({mark.bold for mark in marks if isinstance(mark, Text)})}
    used = {bold: _letters(marks, bold) for bold in faces}
    fonts = {f"F{int(bold)}": document.font(face, used[bold]) for bold, face in faces.items()}
    pictures = [mark for mark in marks if isinstance(mark, Raster)]
    images = {f"I{i}": document.image(mark) for i, mark in enumerate(pictures)}
    numbers = iter(images)
    drawn = [_drawn(mark, height, next(numbers) if isinstance(mark, Raster) else "") for mark in marks]
    content = document.stream("", "\n".join(drawn).encode("ascii"))
    named = "".join(
        f"/{kind} << {' '.join(f'/{name} {number} 0 R' for name, number in of.items())} >> "
        for kind, of in (("Font", fonts), ("XObject", images))
    )
    pages = document.reserved()
    page = document.add(
        f"<< /Type /Page /Parent {pages} 0 R /MediaBox [0 0 {_n(width, height)}] /Contents {content} 0 R "
        f"/Resources << {named}>> >>"
    )
    document.fill(pages, f"<< /Type /Pages /Kids [{page} 0 R] /Count 1 >>")
    root = document.add(f"<< /Type /Catalog /Pages {pages} 0 R >>")
    told = document.add(f"<< /Title {_string(title)} /Creator (VARS Studio) >>")
    return document.file(root, told)


class Document:
    """Numbered objects, collected, then written with the table of where each begins."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []

    def reserved(self) -> int:
        """A number for an object that `fill` brings later."""
        return self.add("")

    def fill(self, number: int, text: str) -> None:
        self._objects[number - 1] = text.encode("ascii")

    def add(self, text: str) -> int:
        """The number of a new object."""
        self._objects.append(text.encode("ascii"))
        return len(self._objects)

    def stream(self, entries: str, data: bytes, packed: bool = False) -> int:
        """An object with data; ``packed``: its ``entries`` say how they are packed, else they are deflated here."""
        body = data if packed else zlib.compress(data, 9)
        kind = entries if packed else f"{entries} /Filter /FlateDecode"
        self._objects.append(b"<< %s /Length %d >>\nstream\n%s\nendstream" % (kind.encode(), len(body), body))
        return len(self._objects)

    def image(self, mark: Raster) -> int:
        """Of a picture."""
        height, width = mark.pixels.shape[:2]
        entries = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB"
        entries += " /BitsPerComponent 8"
        if not mark.smooth:
            return self.stream(entries, mark.pixels.tobytes())
        return self.stream(f"{entries} /Interpolate true /Filter /DCTDecode", jpeg(mark), packed=True)

    def font(self, face: Typeface, letters: str) -> int:
        """Of a typeface, with what the ``letters`` used need: widths, and which glyph is which character."""
        box, name = _n(*face.box), f"VARSFI+{face.name}"
        data = self.stream(f"/Length1 {len(face.data)}", face.data)
        descriptor = self.add(
            f"<< /Type /FontDescriptor /FontName /{name} /Flags 32 /FontBBox [{box}] /ItalicAngle 0 "
            f"/Ascent {face.ascent} /Descent {face.descent} /CapHeight 729 /StemV 80 /FontFile2 {data} 0 R >>"
        )
        pairs = sorted(zip(face.numbers(letters), letters, strict=True))
        widths = " ".join(f"{glyph} [{_n(face.advances[glyph])}]" for glyph, _ in pairs)
        descendant = self.add(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDToGIDMap /Identity /DW 600 /W [{widths}] "
            f"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
            f"/FontDescriptor {descriptor} 0 R >>"
        )
        characters = self.stream("", _characters(pairs).encode("ascii"))
        return self.add(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
            f"/DescendantFonts [{descendant} 0 R] /ToUnicode {characters} 0 R >>"
        )

    def file(self, root: int, information: int) -> bytes:
        """All of it."""
        out, starts = io.BytesIO(), []
        out.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
        for number, body in enumerate(self._objects, 1):
            starts.append(out.tell())
            out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        table, count = out.tell(), len(self._objects) + 1
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % count)
        out.writelines(b"%010d 00000 n \n" % start for start in starts)
        trailer = f"trailer\n<< /Size {count} /Root {root} 0 R /Info {information} 0 R >>\nstartxref\n{table}\n%%EOF\n"
        out.write(trailer.encode("ascii"))
        return out.getvalue()


def jpeg(mark: Raster) -> bytes:
    """A smooth picture, as it stands in PDF and in SVG."""
    data = io.BytesIO()
    Image.fromarray(mark.pixels).save(data, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return data.getvalue()


def _drawn(mark: Mark, height: float, image: str) -> str:
    """A mark in the operators of a page; ``image``: what a picture is called."""
    match mark:
        case Raster():
            place = _n(mark.width, 0, 0, mark.height, mark.x, height - mark.y - mark.height)
            return f"q {place} cm /{image} Do Q"
        case Text():
            face = typeface(mark.bold)
            back = {"start": 0.0, "middle": 0.5, "end": 1.0}[mark.anchor] * face.width(mark.text, mark.size)
            glyphs = "".join(f"{glyph:04x}" for glyph in face.numbers(mark.text))
            place = _n(mark.x - back, height - mark.baseline)
            return f"BT {_colour(mark.colour)} rg /F{int(mark.bold)} {_n(mark.size)} Tf {place} Td <{glyphs}> Tj ET"
        case Polyline():
            line = f"{_colour(mark.colour)} RG {_n(mark.width)} w 1 j {_path(mark.points, height)} S"
            head = f" {_colour(mark.colour)} rg {_path(mark.head, height)} f" if mark.head else ""
            return line + head
        case Box():
            place = f"{_n(mark.x, height - mark.y - mark.height, mark.width, mark.height)} re"
            fill = f"{_colour(mark.fill)} rg {place} f " if mark.fill else ""
            return fill + (f"{_colour(mark.stroke)} RG {_n(mark.line)} w 0 j {place} S" if mark.stroke else "")
        case Dot():
            circle = _circle(mark.x, height - mark.y, mark.radius)
            return f"1 1 1 RG {_n(RIM)} w {_colour(mark.colour)} rg {circle} b"


def _path(points: Iterable[tuple[float, float]], height: float) -> str:
    return " ".join(f"{_n(x, height - y)} {'l' if i else 'm'}" for i, (x, y) in enumerate(points))


def _circle(x: float, y: float, radius: float) -> str:
    """From its right end round to it: a quarter a curve, whose handles run along the circle."""
    parts = [f"{_n(x + radius, y)} m"]
    for quarter in range(4):
        start, end = radius * 1j**quarter, radius * 1j ** (quarter + 1)
        places = [complex(x, y) + one for one in (start * (1 + ROUND * 1j), end * (1 - ROUND * 1j), end)]
        parts.append(f"{_n(*(part for place in places for part in (place.real, place.imag)))} c")
    return " ".join(parts)


def _letters(marks: Sequence[Mark], bold: bool) -> str:
    """Every letter of the texts in a weight, once, and once for all that the typeface lacks."""
    letters = sorted({letter for mark in marks if isinstance(mark, Text) and mark.bold == bold for letter in mark.text})
    known = typeface(bold).glyphs
    return "".join(letter for letter in letters if ord(letter) in known)


def _characters(pairs: Sequence[tuple[int, str]]) -> str:
    """Glyph → character, as PDF wants it; a hundred entries at most stand together."""
    parts = []
    for first in range(0, len(pairs), 100):
        some = pairs[first : first + 100]
        entries = "\n".join(f"<{glyph:04x}> <{letter.encode('utf-16-be').hex()}>" for glyph, letter in some)
        parts.append(f"{len(some)} beginbfchar\n{entries}\nendbfchar\n")
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Letters def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        f"{''.join(parts)}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    )


def _colour(colour: str) -> str:
    """ "#rrggbb" as three shares."""
    return _n(*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)))


def _n(*numbers: float) -> str:
    return " ".join(f"{number:.3f}".rstrip("0").rstrip(".") for number in numbers)


def _string(text: str) -> str:
    return f"<feff{text.encode('utf-16-be').hex()}>"
