"""What the viewer in the browser gets: pictures, and every map in so few bytes that sliders need no request."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.colour_maps import COLOUR_MAPS
from analysis.drawing import data_uri
from analysis.saliency import normalise_map
from app.inference.models import title
from app.inference.traced import ModelFacts, Traced
from app.views.answers import Answer
from vars_core.readouts import READOUTS

LEVELS = 65535
"""Maps travel in 16 bits between each one's minimum and maximum: finer than a colour scale can show."""


def panel(
    picture: np.ndarray,
    traced: Traced,
    *,
    heading: str = "",
    note: str = "",
    alt: str = "",
    answer: Answer | None = None,
) -> dict[str, Any]:
    """One picture with the maps of one model. ``picture`` uint8 (h, w, 3) as shown; texts are plain, never HTML."""
    return {
        "title": heading or title(traced.model.name),
        "note": note,
        "answer": "" if answer is None else answer.words,
        "changed": bool(answer and answer.changed),
        "alt": alt or "the photograph that the maps lie on",
        "image": data_uri(picture),
        **lying(picture, traced.model),
        "layers": _layers(traced),
        "default_layer": traced.model.default_layer,
    }


def lying(picture: np.ndarray, model: ModelFacts) -> dict[str, int]:
    """How the maps of a model lie on a picture (h, w, 3): see `ModelFacts.placement`."""
    height, width = picture.shape[:2]
    return {"height": height, "width": width, "size": model.image_size, "covered": model.covered or model.image_size}


def viewer(panels: Sequence[dict[str, Any]], *, columns: int = 1, strip: bool = False, **more: Any) -> dict[str, Any]:
    """The payload of a viewer; A picture travels once.

    ``more``: ``words`` to show when there is no panel; ``heads`` and ``rows`` label the columns and rows of a table.
    """
    images = list(dict.fromkeys(panel["image"] for panel in panels))
    indexed = [{**panel, "image": images.index(panel["image"])} for panel in panels]
    return {"panels": indexed, "images": images, "columns": columns, "strip": strip, **more}


def more_maps(results: Sequence[Traced]) -> dict[str, Any]:
    """The layers of each panel of a payload that was sent with some of its maps."""
    return {"layers": [_layers(traced) for traced in results]}


def colour_tables() -> dict[str, list[int]]:
    """The 256 colours of every colour map, each as a little-endian RGBA number."""
    return {name: _numbers(one.colours) for name, one in COLOUR_MAPS.items()}


def _numbers(colours: np.ndarray) -> list[int]:
    opaque = np.concatenate([colours, np.full((256, 1), 255, np.uint8)], axis=1)
    return [int(number) for number in np.ascontiguousarray(opaque).view("<u4")[:, 0]]


def _layers(traced: Traced) -> list[dict[str, Any]]:
    """Every layer, without the maps that are still to come."""
    maps_of = {
        layer.name: {readout: record(values, readout) for readout, values in layer.maps.items()}
        for layer in traced.layers
    }
    return [{"name": name, "grid": list(grid), "maps": maps_of.get(name, {})} for name, grid in traced.grids.items()]


def record(values: np.ndarray, readout: str) -> dict[str, Any]:
    """The iterates (n, h, w) of a readout, as the viewer takes them."""
    return {**maps(values), "signed": READOUTS[readout].signed}


def maps(values: np.ndarray) -> dict[str, Any]:
    """Several maps (n, h, w) float32 -> the minimum and maximum of each, and the codes between them."""
    flat = values.reshape(len(values), -1).astype(np.float64)
    finite = np.where(np.isfinite(flat), flat, 0.0)
    low, high = finite.min(axis=1), finite.max(axis=1)
    span = np.where(high > low, high - low, 1.0)
    codes = np.rint((finite - low[:, None]) / span[:, None] * LEVELS).astype("<u2")
    return {
        "low": low.tolist(),
        "high": high.tolist(),
        "degenerate": [normalise_map(one)[1] for one in values],
        "data": packed(codes),
    }


def packed(values: np.ndarray) -> str:
    """The bytes of an array in base64."""
    return base64.b64encode(values.tobytes()).decode()
