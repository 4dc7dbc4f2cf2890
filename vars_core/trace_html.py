"""A trace as a notebook shows it: a table of small pictures, a row a layer and readout, a column an iterate."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from vars_core.readouts import READOUTS

if TYPE_CHECKING:
    from torch import Tensor

BELOW, ZERO, ABOVE = np.array([0, 114, 178]), np.array([255, 255, 255]), np.array([213, 94, 0])
"""Blue, white and vermilion (Okabe and Ito): of a readout that may be negative."""

SIDE = 64
"""Pixels a side of a picture; a token is a square of it."""


def trace_html(layers: Mapping[str, Mapping[str, Tensor]], words: str) -> str:
    """The maps of the first picture of a batch under ``words``; each map has its own scale, said beside its row.

    ``layers``: layer → readout → maps (T+1, B, h, w).
    """
    rows = [row(layer, readout, values) for layer, maps in layers.items() for readout, values in maps.items()]
    scale = (
        "First picture of the batch. Each map by its own range: black to white, or about zero blue, white, vermilion."
    )
    return f"<div><b>{html.escape(words)}</b><br><small>{scale}</small><table>{''.join(rows)}</table></div>"


def row(layer: str, readout: str, maps: Tensor) -> str:
    """One readout of one layer at every iterate."""
    signed, cells = READOUTS[readout].signed, []
    for t, values in enumerate(maps[:, 0].numpy()):
        alt = html.escape(f"layer {layer}, {readout}, t = {t}")
        cells.append(
            f'<td style="text-align:center"><img alt="{alt}" width="{SIDE}" height="{SIDE}" '
            f'style="image-rendering:pixelated" src="data:image/png;base64,{png(values, signed)}">'
            f"<br><small>t = {t}: {values.min():.2g} to {values.max():.2g}</small></td>"
        )
    return f"<tr><th>{html.escape(layer)}</th><td>{html.escape(readout)}</td>{''.join(cells)}</tr>"


def png(values: np.ndarray, signed: bool) -> str:
    """A map (h, w) as a PNG of h × w pixels in base64; a degenerate one is black, or white where it is ``signed``."""
    low, high = float(values.min()), float(values.max())
    peak = max(abs(low), abs(high))
    if high - low <= 1e-9 * peak or peak == 0:
        values, low, peak, high = np.zeros_like(values), 0.0, 1.0, 1.0
    if signed:
        share = (values / peak)[..., None]
        pixels = ZERO + np.abs(share) * (np.where(share < 0, BELOW, ABOVE) - ZERO)
    else:
        pixels = (values - low) / (high - low) * 255
    buffer = io.BytesIO()
    Image.fromarray(np.round(pixels).astype(np.uint8)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
