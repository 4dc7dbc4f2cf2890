"""A sheet of maps: a row per photograph, a column per model and iterate."""

from __future__ import annotations

from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.sheet import sheet
from analysis.paper_figures.studio import Studio, described, short, square


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
