"""Figures 8 to 10: the atoms of a dictionary as pictures, the most used first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.colour_maps import SIGNED, ColourMap
from analysis.painting import scaled
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.column import colour_bar
from analysis.paper_figures.sheet import Tile, sheet
from analysis.paper_figures.studio import Studio, described, enlarged, paper_layer, square
from vars_core.backend import Backend
from vars_core.dictionary_trace import DictionaryTrace
from vars_core.errors import InputError

SHOWN = 10


def most_used(trace: DictionaryTrace, atoms: Sequence[int]) -> list[tuple[int, int]]:
    """(head or channel, atom) out of ``atoms``, by mean |u| at the last iterate."""
    use = trace.use[-1, 0].numpy()
    places = [(group, atom) for group in range(use.shape[0]) for atom in atoms]
    return sorted(places, key=lambda place: -use[place])[:SHOWN]


def tile(trace: DictionaryTrace, place: tuple[int, int], colours: ColourMap) -> Tile:
    """An atom by its own scale: dynamic ones from minimum to maximum, learned ones about zero."""
    atom = trace.atoms[0, place[0], place[1]].numpy()
    told = f"{place[0]}:{place[1]}, {atom.min():.3g} to {atom.max():.3g}, mean |u| {trace.use[-1, 0][place]:.3g}"
    if not trace.num_dynamic:
        atom = support(atom)
    if place[1] < trace.num_dynamic:
        pixels = colours.paint(scaled(atom, signed=False))
    else:
        pixels = SIGNED.paint(scaled(atom, signed=True))
    return Tile(enlarged(pixels, 112), told, smooth=False)


def support(kernel: np.ndarray) -> np.ndarray:
    """The part of a kernel (h, w) that is not zero: a grid larger than the one it was learned on adds zeros around."""
    ys, xs = np.nonzero(np.abs(kernel) > 1e-4 * np.abs(kernel).max())
    return kernel if not len(ys) else kernel[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]


def atoms_of(studio: Studio, number: int, mixer: str, words: str, count: int) -> Canvas:
    """The most used atoms of the first model with this mixer, a photograph a row (dynamic and learned apart)."""
    backend = model_of(studio, number, mixer)
    layer = paper_layer(backend)
    rows: list[tuple[str, Sequence[Tile]]] = []
    for name, image in list(studio.photographs.items())[:count]:
        trace = studio.dictionary(backend, image, layer).dictionary
        assert trace is not None  # it was asked for
        num_atoms, dynamic = trace.atoms.shape[2], trace.num_dynamic
        parts = {"dynamic": range(dynamic), "learned": range(dynamic, num_atoms)}
        for part, chosen in parts.items():
            if len(chosen):
                tiles = [tile(trace, place, studio.painting.colours) for place in most_used(trace, chosen)]
                rows.append((f"{name}, {part}", [square(image, name), *tiles]))
    caption = [
        f"The {SHOWN} most used atoms (mean |u| at the last iterate), each by its own scale: dynamic ones as the maps, "
        "learned ones blue below and vermilion above zero.",
        described(backend, layer, "columns of P", f"{backend.num_steps} (last)"),
    ]
    columns = ["photograph", *(str(place + 1) for place in range(SHOWN))]
    signed = colour_bar(SIGNED, None, "of each learned atom")
    bars = {"vars_s": [signed], "vars_d": [studio.bar]}.get(mixer, [studio.bar, signed])
    return sheet(f"Figure {number}. {words}", columns, rows, caption, cell=72, bars=bars)


def model_of(studio: Studio, number: int, mixer: str) -> Backend:
    """The first model with this mixer. Raises InputError where there is none."""
    for backend in studio.backends:
        if backend.name.endswith(f"/{mixer}"):
            return backend
    raise InputError(f"expected a --model with the mixer {mixer} for figure {number}")
