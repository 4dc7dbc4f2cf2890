"""A drawing made of a few kinds of marks, written as SVG, PDF, PNG, WebP or HTML.

Every format comes from the same marks without a browser or a plotting library: SVG and PDF are written as text, with
letters, lines and pictures as what they are; the pixel formats are drawn by Pillow; HTML is the SVG with a few lines of
script.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from analysis.paper_figures.marks import PAPER, RIM, Box, Dot, Mark, Polyline, Raster, Text
from analysis.paper_figures.pdf import jpeg, pdf
from analysis.paper_figures.typeface import FAMILY, typeface
from vars_core.errors import InputError

FORMATS = ("png", "svg", "pdf", "html", "webp")
FONT = f"'{FAMILY}', 'DejaVu Sans', Verdana, Arial, sans-serif"


@dataclass
class Canvas:
    """Marks on white paper of ``width`` × ``height`` points, painted in order."""

    width: float
    height: float
    title: str
    marks: list[Mark] = field(default_factory=list)

    def add(self, *marks: Mark) -> None:
        self.marks.extend(marks)

    def save(self, path: Path) -> Path:
        """Write the format of the file's suffix; WebP at web size, a pixel a point. Raises InputError for others."""
        suffix = path.suffix.removeprefix(".")
        if suffix not in FORMATS:
            raise InputError(f"expected a figure's format out of {', '.join(FORMATS)}, got {path.suffix!r}")
        if suffix == "svg":
            path.write_text(self.svg(), encoding="utf-8")
        elif suffix == "html":
            path.write_text(self.html(), encoding="utf-8")
        elif suffix == "pdf":
            path.write_bytes(self.pdf())
        else:
            self.pixels(2 if suffix == "png" else 1).save(path)
        return path

    def pdf(self) -> bytes:
        """One page of this size."""
        return pdf(self.marks, self.width, self.height, self.title)

    def svg(self) -> str:
        """One picture of this size in points, with its letters."""
        size = f'viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}pt" height="{self.height:g}pt"'
        weights = sorted({mark.bold for mark in self.marks if isinstance(mark, Text)})
        faces = f"<style>{''.join(_face(bold) for bold in weights)}</style>" if weights else ""
        body = "".join(_svg(mark) for mark in self.marks)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" role="img">'
            f'<title>{escape(self.title)}</title>{faces}<rect width="100%" height="100%" fill="{PAPER}"/>{body}</svg>'
        )

    def html(self) -> str:
        """A page that opens offline: the wheel zooms, dragging moves, two clicks bring it back."""
        return _PAGE.replace("{title}", escape(self.title)).replace("{svg}", self.svg())

    def pixels(self, scale: float = 1) -> Image.Image:
        image = Image.new("RGB", (round(self.width * scale), round(self.height * scale)), PAPER)
        draw = ImageDraw.Draw(image)
        for mark in self.marks:
            _paint(mark, image, draw, scale)
        return image

    def pixels_with(self, picture_width: int) -> np.ndarray:
        """uint8 (H, W, 3), its first picture ``picture_width`` pixels wide."""
        first = next(mark for mark in self.marks if isinstance(mark, Raster))
        return np.asarray(self.pixels(picture_width / first.width))


@cache
def _face(bold: bool) -> str:
    """The letters themselves, as CSS takes them: a figure looks the same where they are not installed."""
    data = base64.b64encode(typeface(bold).data).decode()
    return (
        f"@font-face{{font-family:'{FAMILY}';font-weight:{700 if bold else 400};src:url(data:font/ttf;base64,{data})}}"
    )


def _svg(mark: Mark) -> str:
    told = f"<title>{escape(mark.title)}</title>" if isinstance(mark, Raster | Polyline | Dot) and mark.title else ""
    match mark:
        case Raster():
            crisp = "" if mark.smooth else ' style="image-rendering:pixelated"'
            place = f'x="{mark.x:g}" y="{mark.y:g}" width="{mark.width:g}" height="{mark.height:g}"'
            return f'<image {place} preserveAspectRatio="none" href="{_address(mark)}"{crisp}>{told}</image>'
        case Text():
            weight = ' font-weight="700"' if mark.bold else ""
            return (
                f'<text x="{mark.x:g}" y="{mark.baseline:g}" font-size="{mark.size:g}" fill="{mark.colour}"{weight} '
                f'text-anchor="{mark.anchor}">{escape(mark.text)}</text>'
            )
        case Polyline():
            points = " ".join(f"{x:g},{y:g}" for x, y in mark.points)
            look = f'fill="none" stroke="{mark.colour}" stroke-width="{mark.width:g}" stroke-linejoin="round"'
            corners = " ".join(f"{x:g},{y:g}" for x, y in mark.head)
            head = f'<polygon points="{corners}" fill="{mark.colour}"/>' if mark.head else ""
            return f'<polyline points="{points}" {look}>{told}</polyline>{head}'
        case Box():
            place = f'x="{mark.x:g}" y="{mark.y:g}" width="{mark.width:g}" height="{mark.height:g}"'
            stroke = f'stroke="{mark.stroke}" stroke-width="{mark.line:g}"' if mark.stroke else ""
            return f'<rect {place} fill="{mark.fill or "none"}" {stroke}/>'
        case Dot():
            place = f'cx="{mark.x:g}" cy="{mark.y:g}" r="{mark.radius:g}"'
            return f'<circle {place} fill="{mark.colour}" stroke="white" stroke-width="{RIM}">{told}</circle>'


def _address(mark: Raster) -> str:
    """The picture itself as an address."""
    if mark.smooth:
        return f"data:image/jpeg;base64,{base64.b64encode(jpeg(mark)).decode()}"
    data = io.BytesIO()
    Image.fromarray(mark.pixels).save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


def _paint(mark: Mark, image: Image.Image, draw: ImageDraw.ImageDraw, scale: float) -> None:
    match mark:
        case Raster():
            size = (max(1, round(mark.width * scale)), max(1, round(mark.height * scale)))
            how = Image.Resampling.LANCZOS if mark.smooth else Image.Resampling.NEAREST
            image.paste(Image.fromarray(mark.pixels).resize(size, how), (round(mark.x * scale), round(mark.y * scale)))
        case Text():
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[mark.anchor]
            font = typeface(mark.bold).sized(mark.size * scale)
            draw.text((mark.x * scale, mark.baseline * scale), mark.text, mark.colour, font, anchor)
        case Polyline():
            width = max(1, round(mark.width * scale))
            draw.line([(x * scale, y * scale) for x, y in mark.points], mark.colour, width, joint="curve")
            if mark.head:
                draw.polygon([(x * scale, y * scale) for x, y in mark.head], fill=mark.colour)
        case Box():
            # half of the stroke lies outside, as in the other formats; Pillow draws all of it inside
            line = max(1, round(mark.line * scale))
            out = scale * mark.line / 2 if mark.stroke else 0
            left, top = mark.x * scale - out, mark.y * scale - out
            corners = (left, top, left + mark.width * scale + 2 * out, top + mark.height * scale + 2 * out)
            draw.rectangle(corners, mark.fill, mark.stroke, line)
        case Dot():
            for radius, colour in ((mark.radius + RIM / 2, PAPER), (mark.radius - RIM / 2, mark.colour)):
                box = (mark.x - radius, mark.y - radius, mark.x + radius, mark.y + radius)
                draw.ellipse([c * scale for c in box], fill=colour)


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body{margin:0;background:#fff}svg{width:100vw;height:100vh;cursor:grab}</style>
{svg}<script>
const s=document.querySelector("svg"),whole=s.getAttribute("viewBox").split(" ").map(Number);let v=[...whole],held=null;
const show=()=>s.setAttribute("viewBox",v.join(" "));
const at=e=>{const p=new DOMPoint(e.clientX,e.clientY).matrixTransform(s.getScreenCTM().inverse());return[p.x,p.y]};
s.addEventListener("wheel",e=>{e.preventDefault();const k=Math.exp(e.deltaY/500),[x,y]=at(e);
v=[x+(v[0]-x)*k,y+(v[1]-y)*k,v[2]*k,v[3]*k];show()},{passive:false});
s.addEventListener("pointerdown",e=>{held=at(e);s.setPointerCapture(e.pointerId)});
s.addEventListener("pointerup",()=>held=null);
s.addEventListener("pointermove",e=>{if(held){const[x,y]=at(e);v[0]+=held[0]-x;v[1]+=held[1]-y;show()}});
s.addEventListener("dblclick",()=>{v=[...whole];show()});
</script></html>
"""
