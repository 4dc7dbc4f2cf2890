"""The Dictionary tab: the atoms of one layer as small pictures, sorted by how much the codes use them (figures 8-10).

What the browser gets are all atoms of the layer and their use at every iterate: head, part, order, page, iterate and
colour scale then change there, without a request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from analysis.colour_maps import SIGNED, ColourMap, sequential
from analysis.drawing import data_uri
from analysis.painting import scaled
from analysis.paper_figures.column import Bar, colour_bar, pictures_figure
from app.inference.atoms import LayerAtoms
from app.inference.models import title
from app.inference.traced import ModelFacts
from app.library.photographs import Subject
from app.tabs.dictionary.order import ALL, CHANNELS, PAGE, AtomLook, chosen, num_heads, num_pages
from app.views import payload
from app.views.exports import Export, described
from app.views.look import shared_limits
from vars_core.errors import InputError

TILE = 112
"""Side of an atom in the downloaded figure, in pixels: a multiple of the usual grids."""

COLUMNS = 8


def no_dictionary(model: ModelFacts) -> InputError:
    """The sentence for a model without one."""
    return InputError(
        f"{title(model.name)} has no dictionary: it mixes tokens without sparse codes, so there are no atoms to show"
    )


def view(subject: Subject, atoms: LayerAtoms) -> dict[str, Any]:
    """What script.js draws.

    "maps": the atoms, group by group, as `payload.maps`; "use" and "active": (T+1, G, m) float32, little-endian, in
    base64; "page" and "channels": the two sizes of `app.tabs.dictionary.order`.
    """
    groups, count, *grid = atoms.atoms.shape
    picture = subject.display
    return {
        "layer": atoms.layer,
        "grid": grid,
        "groups": groups,
        "atoms": count,
        "dynamic": atoms.num_dynamic,
        "convolutional": atoms.convolutional,
        "steps": atoms.num_steps,
        "maps": payload.maps(atoms.atoms.reshape(-1, *grid)),
        "use": payload.packed(atoms.use.astype("<f4")),
        "active": payload.packed(atoms.active.astype("<f4")),
        "page": PAGE,
        "channels": CHANNELS,
        "image": data_uri(picture),
        "height": picture.shape[0],
        "width": picture.shape[1],
        "size": atoms.model.image_size,
        "alt": f"{subject.photograph.title}, {subject.photograph.width}×{subject.photograph.height} pixels",
    }


def head_choices(atoms: LayerAtoms) -> list[tuple[str, str]]:
    """(what is read, value) for each head, or block of channels, and for all of them."""
    if not atoms.convolutional:
        return [("all heads", ALL), *((f"head {i}", str(i)) for i in range(num_heads(atoms)))]
    groups = len(atoms.atoms)
    blocks = [(i * CHANNELS, min(groups, (i + 1) * CHANNELS) - 1) for i in range(num_heads(atoms))]
    return [("all channels", ALL), *((f"channels {first}–{last}", str(i)) for i, (first, last) in enumerate(blocks))]


def part_of(atoms: LayerAtoms, atom: int) -> str:
    """ "dynamic" or "static"."""
    return "dynamic" if atom < atoms.num_dynamic else "static"


def settled(atoms: LayerAtoms, look: AtomLook) -> AtomLook:
    """The look with what it leaves open or overshoots put right: its layer, iterate and page."""
    pages = num_pages(len(chosen(atoms, look)))
    return replace(look, layer=atoms.layer, t=min(look.t, atoms.num_steps), page=min(look.page, pages))


def page_of(atoms: LayerAtoms, look: AtomLook) -> list[tuple[int, int]]:
    """(group, atom) of the atoms on one page."""
    return chosen(atoms, look)[(look.page - 1) * PAGE : look.page * PAGE]


def listed(atoms: LayerAtoms, look: AtomLook) -> list[dict[str, Any]]:
    """The atoms of a page as plain facts, in the order of the page."""
    seen = settled(atoms, look)
    group = "channel" if atoms.convolutional else "head"
    return [
        {
            group: head,
            "atom": atom,
            "part": part_of(atoms, atom),
            "use": atoms.use[:, head, atom].tolist(),
            "active": atoms.active[:, head, atom].tolist(),
        }
        for head, atom in page_of(atoms, seen)
    ]


def export(subject: Subject, atoms: LayerAtoms, look: AtomLook) -> Export:
    """One page of atoms as a figure; the arrays hold all atoms of the layer."""
    seen = settled(atoms, look)
    places = chosen(atoms, seen)
    shown = page_of(atoms, seen)
    shared = limits(atoms, places)
    tiles = []
    for place in shown:
        part = part_of(atoms, place[1])
        scale = (shared if seen.scale == "shared" else limits(atoms, [place]))[part]
        tiles.append(tile(atoms.atoms[place], part, scale, sequential(seen.colours)))
    use = atoms.use[seen.t]
    first = (seen.page - 1) * PAGE
    order = f"by use at t = {seen.t}" if seen.sort == "use" else "by index"
    drawing = pictures_figure(
        tiles,
        [f"{head}:{atom}\n{use[head, atom]:#.3g}" for head, atom in shown],
        columns=COLUMNS,
        title=f"{title(atoms.model.name)} · layer {seen.layer} · atoms {first + 1} to {first + len(shown)} of "
        f"{len(places)}, {order}",
        footer=footer(atoms, seen),
        bars=[bar(part, shared if seen.scale == "shared" else {}, seen) for part in shared],
        smooth=False,
    )
    dynamic = np.arange(atoms.atoms.shape[1]) < atoms.num_dynamic
    arrays = {"atoms": atoms.atoms, "use": atoms.use, "active": atoms.active, "dynamic": dynamic}
    settings = described([subject], [atoms.model], seen.settings)
    return Export(drawing, TILE, {**arrays, "picture": subject.display}, settings)


def bar(part: str, limits: dict[str, tuple[float, float]], look: AtomLook) -> Bar:
    """The colours of one part of a dictionary; ``limits``: of a shared scale, by part."""
    colours = sequential(look.colours) if part == "dynamic" else SIGNED
    return colour_bar(colours, limits.get(part), f"{part} atoms" + ("" if part in limits else ", each by itself"))


def footer(atoms: LayerAtoms, look: AtomLook) -> str:
    """What the captions and colours of the figure mean."""
    group = "Channel:kernel" if atoms.convolutional else "Head:atom"
    scale = (
        "One colour scale for all atoms of a part" if look.scale == "shared" else "Each atom has its own colour scale"
    )
    return f"{group}, then its use: mean |u|. {scale}: dynamic from its minimum to its maximum, static about 0."


def limits(atoms: LayerAtoms, places: list[tuple[int, int]]) -> dict[str, tuple[float, float]]:
    """For each part the values at the ends of the colour scale that these atoms share: static ones lie about 0."""
    by_part: dict[str, tuple[float, float]] = {}
    for part in atoms.parts:
        values = [atoms.atoms[place] for place in places if part_of(atoms, place[1]) == part]
        if values:
            low, high = shared_limits(values)
            peak = max(abs(low), abs(high)) or 1.0
            by_part[part] = (low, high) if part == "dynamic" else (-peak, peak)
    return by_part


def tile(values: np.ndarray, part: str, scale: tuple[float, float], colours: ColourMap) -> np.ndarray:
    """An atom (h, w) as a picture, uint8 (TILE, TILE, 3); ``colours``: of dynamic ones, static ones have a sign."""
    signed = part != "dynamic"
    pixels = (SIGNED if signed else colours).paint(scaled(values, signed, scale))
    return np.asarray(cv2.resize(pixels, (TILE, TILE), interpolation=cv2.INTER_NEAREST))
