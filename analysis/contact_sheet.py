"""A sheet of maps: a row per photograph, a column per model and iterate."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from analysis.painting import USUAL, Painting
from vars_core.backend import Backend
from vars_core.images import Placement
from vars_core.readouts import READOUTS

LABEL_HEIGHT = 34
GAP = 4


def contact_sheet(
    photographs: Sequence[np.ndarray], backends: Sequence[Backend], cell: int = 120, painting: Painting = USUAL
) -> np.ndarray:
    """uint8 (height, width, 3): every photograph, then the default map of every model at t = 0..T.

    Each map has its own colour scale, from its minimum to its maximum or, with a sign, about zero.
    """
    squares = [Placement(p.shape[0], p.shape[1], cell).place(p) for p in photographs]
    columns = [_column(squares, "photograph", "")]
    for backend in backends:
        batch, _ = backend.prepare(photographs)
        layer, readout = backend.default_layer, backend.default_readout
        maps = backend.maps(batch, (readout,), [layer])[layer].maps[readout].numpy()
        for t in range(maps.shape[0]):
            placement = Placement(cell, cell, backend.image_size, preprocessing=backend.preprocessing)
            signed = READOUTS[backend.default_readout].signed
            cells = [
                painting.over(square, values, placement, signed=signed)
                for square, values in zip(squares, maps[t], strict=True)
            ]
            columns.append(_column(cells, backend.name.partition("/")[2], f"t = {t}" if maps.shape[0] > 1 else ""))
    return np.concatenate(columns, axis=1)


def _column(cells: Sequence[np.ndarray], title: str, subtitle: str) -> np.ndarray:
    width = cells[0].shape[1] + GAP
    label = np.full((LABEL_HEIGHT, width, 3), 255, np.uint8)
    for line, text in enumerate((title, subtitle)):
        cv2.putText(label, text, (2, 13 + 15 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (40, 40, 40), 1, cv2.LINE_AA)
    padded = [np.pad(cell, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for cell in cells]
    return np.concatenate([label, *padded])
