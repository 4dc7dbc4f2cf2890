"""What a visitor takes along from the Segmentation tab, and what the endpoint answers: masks, counts, the curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from analysis.drawing import draw_contour, error_overlay, mask_overlay
from analysis.evaluations.table import EVALUATIONS
from analysis.metrics.segmentation import CURVE_THRESHOLDS, Counts, GroundTruth, count_map, count_mask, cut_map, iou
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.column import pictures_figure
from app.inference.models import title
from app.inference.traced import LayerMaps, ModelFacts, Traced
from app.library.photographs import Photograph, Subject
from app.tabs.segmentation.truth import Truth, region_picture
from app.tabs.segmentation.words import baselines, placed_maps
from app.views.exports import Export, described
from app.views.look import Look
from app.views.weights import figure_words
from vars_core.data.masks import FOREGROUND, VOID
from vars_core.errors import InputError, check_range

MODES = {"mask": "mask", "contour": "contour", "cutout": "cut-out", "errors": "error map", "truth": "truth"}
"""Ways to show a mask, and what they are called. The last two need a ground truth."""

ERRORS = ": green found, orange too much, blue missed"

CHEQUERS = 8, (217, 242)
"""Side and greys of the ground behind a cut-out, as in script.js."""


@dataclass(frozen=True)
class Cut:
    """Where a map is cut, and which of `MODES` comes first in the figure."""

    threshold: float
    mode: str = "mask"

    def __post_init__(self) -> None:
        check_range("a threshold", self.threshold, 0, 1)
        if self.mode not in MODES:
            raise InputError(f"unknown way to show a mask {self.mode!r}: expected one of {', '.join(MODES)}")


def export(subject: Subject, traced: Traced, look: Look, cut: Cut, truth: Truth | None) -> Export:
    """The mask in every way of showing it, its counts, and the counts of every threshold and iterate.

    The mask among the arrays has the size of the ground truth, on which it is counted; without one the photograph's.
    """
    truth = truth if truth is not None and truth.given else None
    shown = traced.shown(look.layer)
    step = min(look.t, shown.num_steps)
    raw = shown.maps[look.readout]
    regions = truth.regions() if truth is not None else None
    sized = truth if truth is not None else subject.photograph
    mask = cut_map(placed_maps(raw, (sized.height, sized.width), traced.model)[step], cut.threshold)
    told = facts(subject.photograph, mask, truth, regions, cut)
    arrays = {"map": raw[step], "iterates": raw, "picture": subject.display, "mask": mask}
    if regions is not None:
        curves = curve(shown, look.readout, regions, traced.model)
        best = int(curves["iou"][step].argmax())
        told |= {
            "curve": {"thresholds": CURVE_THRESHOLDS.tolist(), "iou": (100 * curves["iou"][step]).round(4).tolist()},
            "best": {"threshold": float(CURVE_THRESHOLDS[best]), "iou": float(100 * curves["iou"][step][best])},
        }
        arrays |= {"truth": regions, "thresholds": CURVE_THRESHOLDS, **curves}
    view = {"layer": shown.name, "readout": look.readout, "t": step, "threshold": cut.threshold, "mode": cut.mode}
    settings = {**described([subject], [traced.model], view), **told}
    drawing = figure(subject, traced, shown, look, cut, truth, told)
    return Export(drawing, subject.display.shape[1], arrays, settings)


def figure(
    subject: Subject,
    traced: Traced,
    shown: LayerMaps,
    look: Look,
    cut: Cut,
    truth: Truth | None,
    told: dict[str, Any],
) -> Canvas:
    """All ways to show the mask, the chosen one first and in a frame."""
    height, width = subject.display.shape[:2]
    step = min(look.t, shown.num_steps)
    placed = placed_maps(shown.maps[look.readout], (height, width), traced.model)
    mask = cut_map(placed[step], cut.threshold)
    regions = None if truth is None else region_picture(truth, height, width)
    modes = sorted(ways(regions), key=lambda mode: mode != cut.mode)
    return pictures_figure(
        [picture_of(subject.display, mask, regions, mode) for mode in modes],
        [MODES[mode] + (ERRORS if mode == "errors" else "") for mode in modes],
        columns=3,
        title=f"{title(traced.model.name)} · layer {shown.name} · {look.readout} · t = {step} · "
        f"threshold {cut.threshold:g}",
        footer=f"{words(told)} {figure_words(traced.model)}".rstrip(),
        chosen=0,
    )


def ways(regions: np.ndarray | None) -> list[str]:
    """The modes that can be shown."""
    return [mode for mode in MODES if regions is not None or mode not in ("errors", "truth")]


def picture_of(picture: np.ndarray, mask: np.ndarray, regions: np.ndarray | None, mode: str) -> np.ndarray:
    """A bool mask on its picture, uint8 (h, w, 3). ``regions``: regions (h, w); without them errors are a contour."""
    if mode == "mask":
        return mask_overlay(picture, mask)
    if mode == "cutout":
        return np.where(mask[..., None], picture, chequers(*mask.shape))
    if regions is None or mode == "contour":
        return draw_contour(picture, mask)
    if mode == "errors":
        return error_overlay(picture, mask, regions)
    grey = np.where((regions == VOID)[..., None], np.uint8(128), picture)
    return draw_contour(np.asarray(cv2.addWeighted(picture, 0.4, grey, 0.6, 0)), regions == FOREGROUND)


def chequers(height: int, width: int) -> np.ndarray:
    """A ground that no photograph has, uint8 (height, width, 1)."""
    side, greys = CHEQUERS
    odd = (np.arange(height)[:, None] // side + np.arange(width) // side) % 2
    return np.array(greys[::-1], np.uint8)[odd][..., None]


def curve(shown: LayerMaps, readout: str, regions: np.ndarray, model: ModelFacts) -> dict[str, np.ndarray]:
    """tp, fp and iou of every iterate at each of `CURVE_THRESHOLDS`: (T+1, 101) each."""
    placed = placed_maps(shown.maps[readout], regions.shape, model)
    truth = GroundTruth(regions)
    counted = [count_map(one, truth, CURVE_THRESHOLDS) for one in placed]
    tp, fp, fn = (np.array([getattr(one, name) for one in counted]) for name in ("tp", "fp", "fn"))
    return {"tp": tp, "fp": fp, "iou": iou(tp, fp, fn)}


def facts(
    photograph: Photograph, mask: np.ndarray, truth: Truth | None, regions: np.ndarray | None, cut: Cut
) -> dict[str, Any]:
    """The mask in numbers, in percent; without a ground truth only how much of the photograph it covers."""
    covered = {"threshold": cut.threshold, "coverage": float(100 * mask.mean())}
    if truth is None or regions is None:
        return {**covered, "truth": None}
    counts = count_mask(mask, regions)
    return {
        **covered,
        **percentages(counts),
        "counts": {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "tn": counts.tn, "void": counts.void},
        "baselines": baselines(regions, truth),
        "truth": {
            "kind": truth.kind,
            "mask_values": truth.values or None,
            "height": truth.height,
            "width": truth.width,
            "note": f"{truth.note} The photograph is {photograph.width}×{photograph.height}.".strip(),
        },
    }


def percentages(counts: Counts) -> dict[str, float]:
    """IoU, and FP and FN as fractions of all pixels that are not void, in percent."""
    metrics = EVALUATIONS["segmentation"].image_metrics
    return {name: float(one.scale * one.function(counts)) for name, one in metrics.items() if one.function}


def words(told: dict[str, Any]) -> str:
    """The line under the figure."""
    if told["truth"] is None:
        return f"The mask covers {told['coverage']:.2f} % of the photograph."
    best = told["best"]
    return (
        f"IoU {told['iou']:.2f} % · FP {told['fp']:.2f} % · FN {told['fn']:.2f} % · best single threshold (oracle) "
        f"{best['threshold']:.2f} with IoU {best['iou']:.2f} %."
    )
