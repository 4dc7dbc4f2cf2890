"""A drawing made of a few kinds of marks, written as SVG, PNG, WebP, PDF or HTML.

Every format comes from the same marks without a browser or a plotting library: SVG is written as text, the pixel
formats and PDF (pixels at 144 dots an inch) are drawn by Pillow, HTML is the SVG with a few lines of script.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vars_core.errors import InputError

FORMATS = ("png", "svg", "pdf", "html", "webp")
INK, SOFT, PAPER = "#1f2328", "#656d76", "#ffffff"
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"

SPELLED = {
    "λ": "lambda", "α": "alpha", "β": "beta", "γ": "gamma", "Φ": "Phi", "θ": "theta", "ᵀ": "'", "×": "x",
    "→": "->", "−": "-", "½": "1/2", "²": "^2", "‖": "|", "–": "-", "…": "...", "Δ": "d", "₁": "1", "₀": "0", "≤": "<=",
}  # fmt: skip
"""What the one font that Pillow brings along has no letters for, as it is spelled in pixels."""


@dataclass(frozen=True)
class Raster:
    """uint8 (h, w, 3) in a box; ``title`` is shown under the pointer."""

    pixels: np.ndarray
    x: float
    y: float
    width: float
    height: float
    title: str = ""
    smooth: bool = True


@dataclass(frozen=True)
class Text:
    """One line; ``y`` is its middle, ``anchor`` "start", "middle" or "end" is where x lies."""

    text: str
    x: float
    y: float
    size: float = 12
    anchor: str = "start"
    colour: str = INK
    bold: bool = False


@dataclass(frozen=True)
class Polyline:
    """A polyline, with a head at its end where ``arrow``."""

    points: Sequence[tuple[float, float]]
    colour: str = INK
    width: float = 1.5
    arrow: bool = False
    title: str = ""


@dataclass(frozen=True)
class Box:
    """A rectangle; ``fill`` or ``stroke`` None: not drawn."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    stroke: str | None = INK


@dataclass(frozen=True)
class Dot:
    """A filled circle with a white rim."""

    x: float
    y: float
    radius: float = 3
    colour: str = "#D55E00"
    title: str = ""


Mark = Raster | Text | Polyline | Box | Dot


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
            self.pixels(2).save(path, resolution=144, title=self.title)
        else:
            self.pixels(2 if suffix == "png" else 1).save(path)
        return path

    def svg(self) -> str:
        size = f'viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}" height="{self.height:g}"'
        body = "".join(_svg(mark) for mark in self.marks)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" role="img">'
            f'<title>{escape(self.title)}</title><rect width="100%" height="100%" fill="{PAPER}"/>{body}</svg>'
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


def _svg(mark: Mark) -> str:
    told = f"<title>{escape(mark.title)}</title>" if isinstance(mark, Raster | Polyline | Dot) and mark.title else ""
    match mark:
        case Raster():
            data = io.BytesIO()
            Image.fromarray(mark.pixels).save(data, "PNG" if not mark.smooth else "JPEG", quality=88)
            kind = "png" if not mark.smooth else "jpeg"
            crisp = "" if mark.smooth else ' style="image-rendering:pixelated"'
            place = f'x="{mark.x:g}" y="{mark.y:g}" width="{mark.width:g}" height="{mark.height:g}"'
            source = f"data:image/{kind};base64,{base64.b64encode(data.getvalue()).decode()}"
            return f'<image {place} preserveAspectRatio="none" href="{source}"{crisp}>{told}</image>'
        case Text():
            weight = ' font-weight="600"' if mark.bold else ""
            return (
                f'<text x="{mark.x:g}" y="{mark.y:g}" font-size="{mark.size:g}" fill="{mark.colour}"{weight} '
                f'text-anchor="{mark.anchor}" dominant-baseline="central">{escape(mark.text)}</text>'
            )
        case Polyline():
            points = " ".join(f"{x:g},{y:g}" for x, y in mark.points)
            line = f'<polyline points="{points}" fill="none" stroke="{mark.colour}" stroke-width="{mark.width:g}"'
            head = _head(mark)
            corners = " ".join(f"{x:g},{y:g}" for x, y in head)
            return f"{line}>{told}</polyline>" + (f'<polygon points="{corners}" fill="{mark.colour}"/>' if head else "")
        case Box():
            place = f'x="{mark.x:g}" y="{mark.y:g}" width="{mark.width:g}" height="{mark.height:g}"'
            return f'<rect {place} fill="{mark.fill or "none"}" stroke="{mark.stroke or "none"}"/>'
        case Dot():
            place = f'cx="{mark.x:g}" cy="{mark.y:g}" r="{mark.radius:g}"'
            return f'<circle {place} fill="{mark.colour}" stroke="white" stroke-width="0.8">{told}</circle>'


def _paint(mark: Mark, image: Image.Image, draw: ImageDraw.ImageDraw, scale: float) -> None:
    match mark:
        case Raster():
            size = (max(1, round(mark.width * scale)), max(1, round(mark.height * scale)))
            how = Image.Resampling.LANCZOS if mark.smooth else Image.Resampling.NEAREST
            image.paste(Image.fromarray(mark.pixels).resize(size, how), (round(mark.x * scale), round(mark.y * scale)))
        case Text():
            text = "".join(SPELLED.get(letter, letter) for letter in mark.text)
            anchor = {"start": "lm", "middle": "mm", "end": "rm"}[mark.anchor]
            font = ImageFont.load_default(mark.size * scale)
            width = 0.35 * scale if mark.bold else 0
            draw.text((mark.x * scale, mark.y * scale), text, mark.colour, font, anchor, stroke_width=width)
        case Polyline():
            draw.line([(x * scale, y * scale) for x, y in mark.points], mark.colour, max(1, round(mark.width * scale)))
            if head := _head(mark):
                draw.polygon([(x * scale, y * scale) for x, y in head], fill=mark.colour)
        case Box():
            corners = (mark.x, mark.y, mark.x + mark.width, mark.y + mark.height)
            draw.rectangle([c * scale for c in corners], mark.fill, mark.stroke, max(1, round(scale)))
        case Dot():
            for radius, colour in ((mark.radius + 0.8, "#ffffff"), (mark.radius, mark.colour)):
                box = (mark.x - radius, mark.y - radius, mark.x + radius, mark.y + radius)
                draw.ellipse([c * scale for c in box], fill=colour)


def _head(line: Polyline) -> list[tuple[float, float]]:
    """The triangle at the end of an arrow."""
    if not line.arrow:
        return []
    (x0, y0), (x1, y1) = line.points[-2:]
    length = float(np.hypot(x1 - x0, y1 - y0)) or 1.0
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    return [(x1, y1), (x1 - 8 * dx + 4 * dy, y1 - 8 * dy - 4 * dx), (x1 - 8 * dx - 4 * dy, y1 - 8 * dy + 4 * dx)]


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
