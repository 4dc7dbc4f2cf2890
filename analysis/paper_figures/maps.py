"""Figures 3 and 11 (maps under corruption), 4 and 12 (beside fixations), 5 and 7 (iterates), and the contact sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.corruptions import corrupt
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.sheet import Tile, sheet
from analysis.paper_figures.studio import Studio, described, last, paper_layer, short, square
from vars_core.backend import Backend

SEVERITY = 3
FEW = (("clean", None), ("gaussian noise", "gaussian_noise"), ("fog", "fog"))
MANY = (
    *FEW,
    ("defocus blur", "defocus_blur"),
    ("snow", "snow"),
    ("contrast", "contrast"),
    ("pixelate", "pixelate"),
    ("JPEG", "jpeg_compression"),
)


def under_corruption(studio: Studio, title: str, corruptions: Sequence[tuple[str, str | None]], count: int) -> Canvas:
    """A photograph a row, and below it the default map of every model; a corruption a column."""
    rows: list[tuple[str, Sequence[Tile]]] = []
    for name, image in list(studio.photographs.items())[:count]:
        seen = [
            image if kind is None else corrupt(image, kind, SEVERITY, image_id=name, seed=studio.seed)
            for _, kind in corruptions
        ]
        rows.append((name, [square(picture, title) for picture, (title, _) in zip(seen, corruptions, strict=True)]))
        for backend in studio.backends:
            maps = studio.maps(backend, seen, backend.default_layer, backend.default_readout)[-1]
            tiles = [
                studio.overlay(picture, values, backend, short(backend))
                for picture, values in zip(seen, maps, strict=True)
            ]
            rows.append((short(backend), tiles))
    caption = [
        f"Corruptions as in ImageNet-C, severity {SEVERITY}, seed {studio.seed}. Each map has its own colour scale.",
        *default_lines(studio.backends),
    ]
    return sheet(title, [name for name, _ in corruptions], rows, caption, cell=84, bars=studio.bars(studio.backends))


def beside_fixations(studio: Studio, title: str, count: int) -> Canvas:
    """A photograph with everybody's fixations a row, and every model's default map of it."""
    rows: list[tuple[str, Sequence[Tile]]] = []
    for stimulus, image in studio.stimuli[:count]:
        height, width = image.shape[:2]
        inside = stimulus.fixations.keep(stimulus.fixations.in_frame(height, width))
        points = np.stack([inside.xs / width, inside.ys / height], axis=1)
        photograph = square(image, stimulus.id)
        tiles = [Tile(photograph.pixels, f"{len(inside)} fixations", points=points)]
        for backend in studio.backends:
            values = studio.maps(backend, [image], backend.default_layer, backend.default_readout)[-1, 0]
            tiles.append(studio.overlay(image, values, backend, short(backend)))
        rows.append((stimulus.id, [photograph, *tiles]))
    columns = ["photograph", "people", *(short(backend) for backend in studio.backends)]
    caption = ["A dot is a fixation of any observer; those outside the picture are left out."]
    return sheet(title, columns, rows, [*caption, *default_lines(studio.backends)], bars=studio.bars(studio.backends))


def iterates(studio: Studio, title: str, backends: Sequence[Backend], count: int) -> Canvas:
    """The maps of the last block of stage 0 at every iterate, a photograph and model a row."""
    rows: list[tuple[str, Sequence[Tile]]] = []
    longest = max(backend.num_steps for backend in backends)
    for name, image in list(studio.photographs.items())[:count]:
        for backend in backends:
            maps = studio.maps(backend, [image], paper_layer(backend), backend.default_readout)[:, 0]
            tiles = [studio.overlay(image, values, backend, f"t = {t}") for t, values in enumerate(maps)]
            rows.append((f"{name}, {short(backend)}", [square(image, name), *tiles]))
    columns = ["photograph", *(f"t = {t}" for t in range(longest + 1))]
    caption = ["From the solver's start (t = 0) to its last step. Each map has its own colour scale."]
    caption += [described(b, paper_layer(b), b.default_readout, f"0 to {b.num_steps}") for b in backends]
    return sheet(title, columns, rows, caption, bars=studio.bars(backends))


def contact_sheet(studio: Studio) -> Canvas:
    """Every photograph, then the default map of every model at t = 0..T, each map on its own colour scale."""
    photographs = list(studio.photographs.values())
    columns, tiles = ["photograph"], [[square(image)] for image in photographs]
    caption = []
    for backend in studio.backends:
        layer, readout = backend.default_layer, backend.default_readout
        maps = studio.maps(backend, photographs, layer, readout)
        for t, of_all in enumerate(maps):
            name = short(backend) + (f", t = {t}" if len(maps) > 1 else "")
            columns.append(name)
            for row, image, values in zip(tiles, photographs, of_all, strict=True):
                row.append(studio.overlay(image, values, backend, name))
        caption.append(described(backend, layer, readout, f"0 to {len(maps) - 1}"))
    rows = list(zip(studio.photographs, tiles, strict=True))
    return sheet("Maps at every iterate", columns, rows, caption, bars=studio.bars(studio.backends))


def default_lines(backends: Sequence[Backend]) -> list[str]:
    return [described(b, b.default_layer, b.default_readout, last(b)) for b in backends]
