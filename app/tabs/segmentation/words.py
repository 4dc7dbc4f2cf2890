"""The Segmentation tab: a map as a mask, counted against a ground truth at every threshold at once (SPEC §6).

What the browser gets are counts at 101 thresholds for every iterate of one layer and readout. Moving the threshold or
the iterate then reads a number off a list: exact, and without a request.
"""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from analysis.drawing import FN_COLOUR, FP_COLOUR, TP_COLOUR
from analysis.metrics.segmentation import CURVE_THRESHOLDS, Counts, GroundTruth, count_map, count_mask, cut_map
from analysis.metrics.table import METRICS
from analysis.placed_map import PlacedStack, centre_map
from analysis.source_factors import single_factors
from app.inference.models import title
from app.inference.traced import ModelFacts, Traced
from app.library.photographs import Photograph, Subject
from app.tabs.segmentation.truth import DRAWN, STORED, Truth, same_shape, truth_picture
from app.views import payload

PAPER_THRESHOLD = 0.3

INVITATION = "No ground truth for this photograph yet: draw around the object (Outline), or upload a mask."

COLOURS = {"tp": TP_COLOUR, "fp": FP_COLOUR, "fn": FN_COLOUR}


def view(subject: Subject, traced: Traced) -> dict[str, Any]:
    """The payload of the viewer: the picture and its maps."""
    if not traced.layers:
        return payload.viewer([], words=f"{title(traced.model.name)} has no attention layers: there is no mask to cut.")
    return payload.viewer([payload.panel(subject.display, traced)])


def scores(
    photograph: Photograph,
    traced: Traced,
    layer: str,
    readout: str,
    truth: Truth | None,
    problem: str = "",
    threshold: float = PAPER_THRESHOLD,
) -> dict[str, Any]:
    """What the numbers and the chart show.

    ``layer``, ``readout``: of the maps that are counted, all iterates of them. ``truth``: None, or one that is not
    `Truth.given`, counts how much of the picture each mask covers instead. ``problem``: why a truth that is there could
    not be read. ``threshold``: counted too where it is none of `CURVE_THRESHOLDS`. Returns "at": per iterate the lists
    "tp" and "fp" (pixels, at each of `CURVE_THRESHOLDS`); "finer": the same at ``threshold`` alone, or None;
    "foreground" and "pixels": positives and all non-void pixels; words to show beside them; "picture": of the truth,
    None where there is none.
    """
    known = truth is not None and truth.given
    height, width = photograph.display.shape[:2]
    regions = truth.regions() if truth is not None and known else np.zeros((height, width), np.uint8)
    placed = placed_maps(traced.layer(layer).maps[readout], regions.shape, traced.model) if traced.layers else ()
    counted = [count_map(one, GroundTruth(regions), CURVE_THRESHOLDS) for one in placed]
    is_hundredth = bool(np.isclose(CURVE_THRESHOLDS, threshold, rtol=0, atol=1e-9).any())
    exact = [] if is_hundredth else [count_map(one, GroundTruth(regions), np.array([threshold])) for one in placed]
    result: dict[str, Any] = {
        "ref": photograph.ref,
        "given": known,
        "layer": layer,
        "readout": readout,
        "size": [height, width],
        "at": [{"tp": counts.tp.tolist(), "fp": counts.fp.tolist()} for counts in counted],
        "finer": None
        if is_hundredth
        else {
            "threshold": threshold,
            "at": [{"tp": int(counts.tp[0]), "fp": int(counts.fp[0])} for counts in exact],
        },
        "pixels": regions.size,
        "foreground": 0,
        "void": 0,
        "words": "" if problem else INVITATION,
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
            "baselines": baselines(regions, truth),
            "picture": truth_picture(truth, height, width),
        }
    return result


def placed_maps(maps: np.ndarray, shape: tuple[int, ...], model: ModelFacts) -> PlacedStack:
    """Raw maps (n, h, w) of ``model`` on (height, width) pixels, placed as the batch evaluation does it."""
    placement = model.placement(shape[0], shape[1])
    return PlacedStack.of(maps, single_factors(placement, (maps.shape[1], maps.shape[2])))


def baselines(regions: np.ndarray, truth: Truth) -> list[dict[str, Any]]:
    """IoU of what needs no model, in percent, for scale: everything foreground, and the centre Gaussian ≥ 0.3."""
    centre = count_mask(cut_map(centre_map(*regions.shape), PAPER_THRESHOLD), regions)
    everything = Counts(truth.foreground, truth.counted - truth.foreground, 0, 0)
    share = METRICS["iou_pooled"]
    assert share.function is not None
    return [
        {"name": name, "iou": float(share.scale * share.function(counts))}
        for name, counts in (("everything", everything), (f"centre Gaussian ≥ {PAPER_THRESHOLD}", centre))
    ]


def truth_words(photograph: Photograph, truth: Truth | None, problem: str = "") -> str:
    """HTML: what the ground truth is, and a warning where it can hardly belong to the photograph.

    ``problem``: why a truth that is there could not be read.
    """
    if problem:
        return f'<p class="notice">{html.escape(problem)}</p>'
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
