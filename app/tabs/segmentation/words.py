"""The Segmentation tab: a map as a mask, counted against a ground truth at every threshold at once (SPEC §6).

What the browser gets are counts at 101 thresholds for every iterate of one layer and readout. Moving the threshold or
the iterate then reads a number off a list: exact, and without a request.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import numpy as np

from analysis.baselines import centre_gaussian
from analysis.drawing import FN_COLOUR, FP_COLOUR, TP_COLOUR
from analysis.metrics.segmentation import CURVE_THRESHOLDS, count_at_thresholds, count_mask, iou, mask_at
from analysis.saliency import normalise_map, placement_factors
from app.inference.models import title
from app.inference.traced import Traced
from app.library.photographs import Photograph, Subject
from app.tabs.segmentation.truth import DRAWN, STORED, Truth, same_shape, truth_picture
from app.views import payload
from vars_core.images import Placement

PAPER_THRESHOLD = 0.3

BAND_PIXELS = 1 << 21
"""A large mask is counted in bands of rows of about this many pixels: counts add up, and memory stays small."""

INVITATION = "No ground truth for this photograph yet: draw around the object (Outline), or upload a mask."

COLOURS = {"tp": TP_COLOUR, "fp": FP_COLOUR, "fn": FN_COLOUR}


def view(subject: Subject, traced: Traced) -> dict[str, Any]:
    """The payload of the viewer: the picture and its maps."""
    if not traced.layers:
        return payload.viewer([], words=f"{title(traced.model.name)} has no attention layers: there is no mask to cut.")
    return payload.viewer([payload.panel(subject.display, traced)])


def scores(photograph: Photograph, traced: Traced, layer: str, readout: str, truth: Truth | None) -> dict[str, Any]:
    """What the numbers and the chart show.

    Args:
        layer, readout: of the maps that are counted, all iterates of them.
        truth: None, or one that is not `Truth.given`, counts how much of the picture each mask covers instead.

    Returns:
        "at": per iterate the lists "tp" and "fp" (pixels, at each of `CURVE_THRESHOLDS`); "foreground" and "pixels":
        positives and all non-void pixels; words to show beside them; "picture": of the truth, None where there is none.
    """
    known = truth is not None and truth.given
    height, width = photograph.display.shape[:2]
    found = truth.regions() if truth is not None and known else np.zeros((height, width), np.uint8)
    size = traced.model.image_size
    result: dict[str, Any] = {
        "ref": photograph.ref,
        "given": known,
        "layer": layer,
        "readout": readout,
        "size": [height, width],
        "at": [
            dict(zip(("tp", "fp"), counts_of_map(one, found, size), strict=True))
            for one in (traced.layer(layer).maps[readout] if traced.layers else ())
        ],
        "pixels": found.size,
        "foreground": 0,
        "void": 0,
        "words": INVITATION,
        "colours": {name: list(colour) for name, colour in COLOURS.items()},
        "baselines": [],
        "picture": None,
        "drawn": truth is not None and truth.kind == DRAWN,
    }
    if truth is not None and known:
        result |= {
            "pixels": truth.counted,
            "foreground": truth.foreground,
            "void": truth.void,
            "words": f"Counted on the {truth.width}×{truth.height} pixels of the ground truth.",
            "baselines": baselines(found, truth),
            "picture": truth_picture(truth, height, width),
        }
    return result


def counts_of_map(saliency_map: np.ndarray, found: np.ndarray, size: int) -> tuple[list[int], list[int]]:
    """True and false positives of a raw map (h, w) on regions (H, W), at each of `CURVE_THRESHOLDS`.

    ``size``: side of the square that the model saw.
    """
    tp, fp = np.zeros((2, len(CURVE_THRESHOLDS)), np.int64)
    for top, band in bands(saliency_map, found.shape[0], found.shape[1], size):
        more = count_at_thresholds(band, found[top : top + len(band)], CURVE_THRESHOLDS)
        tp, fp = tp + more[0], fp + more[1]
    return tp.tolist(), fp.tolist()


def mask_of(saliency_map: np.ndarray, height: int, width: int, size: int, threshold: float) -> np.ndarray:
    """Bool (height, width): where the placed map reaches the threshold, as it is counted."""
    return np.concatenate([mask_at(band, threshold) for _, band in bands(saliency_map, height, width, size)])


def bands(saliency_map: np.ndarray, height: int, width: int, size: int) -> Iterator[tuple[int, np.ndarray]]:
    """A raw map (h, w) in [0, 1] on height × width pixels, a band of rows after the other: (first row, (n, width)).

    It is placed exactly as `analysis.saliency.place` does it.
    """
    normalised, _ = normalise_map(saliency_map)
    placement = Placement(height, width, size)
    rows, columns = placement_factors(placement, (saliency_map.shape[0], saliency_map.shape[1]))
    small = normalised.astype(np.float32)
    step = max(1, BAND_PIXELS // width)
    for top in range(0, height, step):
        yield top, np.clip(rows[top : top + step] @ small @ columns.T, 0.0, 1.0)


def baselines(found: np.ndarray, truth: Truth) -> list[dict[str, Any]]:
    """IoU of what needs no model, in percent, for scale: everything foreground, and the centre Gaussian ≥ 0.3."""
    centre = count_mask(normalise_map(centre_gaussian(*found.shape))[0] >= PAPER_THRESHOLD, found)
    everything = truth.counted - truth.foreground
    return [
        {"name": "everything", "iou": float(100 * iou(truth.foreground, everything, 0))},
        {
            "name": f"centre Gaussian ≥ {PAPER_THRESHOLD}",
            "iou": float(100 * iou(centre.tp, centre.fp, centre.fn)),
        },
    ]


def truth_words(photograph: Photograph, truth: Truth | None) -> str:
    """HTML: what the ground truth is, and a warning where it can hardly belong to the photograph."""
    if truth is None or not truth.given:
        return f'<p class="fine">{html.escape(INVITATION)}</p>'
    origin = {DRAWN: "Drawn here", STORED: "From the data folder"}.get(truth.kind, "Uploaded mask")
    share = f"{truth.foreground / max(1, truth.counted):.1%} of it foreground"
    void = f", {truth.void / (truth.height * truth.width):.1%} void" if truth.void else ""
    words = f"{origin}, {truth.width}×{truth.height} pixels, {share}{void}. {truth.note}".strip()
    size = f"{photograph.width}×{photograph.height}"
    if not same_shape(photograph, truth):
        warning = (
            f"This mask is {truth.width}×{truth.height}, the photograph {size}: another aspect ratio, so it may not "
            "belong to it. Maps are stretched to the mask."
        )
        return f'<p class="fine">{html.escape(words)}</p><p class="notice">{html.escape(warning)}</p>'
    if truth.kind != DRAWN and (truth.height, truth.width) != (photograph.height, photograph.width):
        words += f" The photograph is {size}; maps are resized to the mask, never the mask."
    return f'<p class="fine">{html.escape(words)}</p>'
