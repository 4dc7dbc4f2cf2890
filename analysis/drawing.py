"""Pictures for reports: maps, masks and errors painted over photographs. uint8 RGB in and out, inputs unchanged."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from analysis.colour_maps import DEFAULT, SIGNED, ColourMap
from analysis.placed_map import Pixels, PlacedMap
from analysis.saliency import is_degenerate
from vars_core.data.masks import FOREGROUND, VOID

TP_COLOUR = (0, 158, 115)
FP_COLOUR = (213, 94, 0)
FN_COLOUR = (0, 114, 178)
"""Okabe and Ito's green, vermilion and blue: told apart by colour-blind readers too."""

SMALL_SIDES = (224, 208, 192, 176, 160, 144, 128, 112, 96)
"""Longest sides that a picture is tried at until it is small enough; the last is kept, whatever it takes."""


def heat_overlay(
    image: np.ndarray, normalised_map: np.ndarray, opacity: float = 0.6, colours: ColourMap = DEFAULT
) -> np.ndarray:
    """A map (H, W) over an image (H, W, 3): in [0, 1], or in [−1, 1] where the colours are for signed maps."""
    return _mixed(image, colours.paint(normalised_map), opacity)


def map_overlay(
    image: np.ndarray, shown: PlacedMap, opacity: float = 0.6, *, signed: bool = False, colours: ColourMap = DEFAULT
) -> np.ndarray:
    """A map over its image, on its own scale: from its minimum to its maximum; ``signed``: about zero, as `SIGNED`."""
    if signed:
        return heat_overlay(image, about_zero(shown.array), opacity, SIGNED)
    return heat_overlay(image, shown.unit, opacity, colours)


def about_zero(values: np.ndarray, limit: float | None = None) -> np.ndarray:
    """Values as shares of ``limit``, None for the largest magnitude among them; all 0 where they say nothing."""
    peak = float(np.abs(values).max()) if limit is None else limit
    return np.zeros_like(values) if is_degenerate(values) or not peak > 0 else values / peak


def mask_overlay(image: np.ndarray, mask: np.ndarray, opacity: float = 0.75) -> np.ndarray:
    """The image inside a bool mask (H, W), darkened outside it, with the mask's contour."""
    dark = _mixed(image, np.zeros_like(image), opacity)
    return draw_contour(np.where(mask[..., None], image, dark), mask)


def draw_contour(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The white outline of a bool mask (H, W) on a copy of the image, its width fitting the image's size."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    painted = np.ascontiguousarray(image).copy()
    cv2.drawContours(painted, outlines, -1, (255, 255, 255), thickness=max(1, max(mask.shape) // 300))
    return painted


def error_overlay(image: np.ndarray, mask: np.ndarray, truth: np.ndarray, opacity: float = 0.65) -> np.ndarray:
    """Where a bool mask is right and wrong: true positives green, false vermilion, misses blue; void and rest bare.

    ``truth``: regions (H, W), see `analysis.metrics.segmentation`.
    """
    painted = image.copy()
    wanted, counted = truth == FOREGROUND, truth != VOID
    for where, colour in (
        (mask & wanted, TP_COLOUR),
        (mask & ~wanted & counted, FP_COLOUR),
        (~mask & wanted, FN_COLOUR),
    ):
        painted[where] = colour
    return _mixed(image, painted, opacity)


def draw_points(image: np.ndarray, points: Pixels) -> np.ndarray:
    """A copy of an image (H, W, 3) with a dot on every point: white with a dark rim, seen on any ground."""
    painted = np.ascontiguousarray(image).copy()
    radius = max(2, max(image.shape[:2]) // 120)
    for size, colour in ((radius + max(1, radius // 2), (20, 20, 20)), (radius, (255, 255, 255))):
        for row, column in zip(points.rows, points.columns, strict=True):
            cv2.circle(painted, (int(column), int(row)), size, colour, thickness=-1, lineType=cv2.LINE_AA)
    return painted


def thumbnail(image: np.ndarray, longest: int = 240) -> np.ndarray:
    """The image made to fit a square of side ``longest``; a smaller one stays as it is."""
    scale = longest / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def data_uri(image: np.ndarray, quality: int = 82) -> str:
    """The image as a ``data:`` address, for a file that must open offline."""
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()


def small_data_uri(image: np.ndarray, most_bytes: int) -> str:
    """The image as a WebP ``data:`` address of at most ``most_bytes`` letters, made smaller until it fits."""
    sides = (*(side for side in SMALL_SIDES if side < max(image.shape[:2])), SMALL_SIDES[-1])
    for picture in (image, *(thumbnail(image, side) for side in sides)):
        _, encoded = cv2.imencode(".webp", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, 60])
        address = "data:image/webp;base64," + base64.b64encode(encoded.tobytes()).decode()
        if len(address) <= most_bytes:
            break
    return address


def css_colour(colour: tuple[int, int, int]) -> str:
    """The colour as CSS writes it."""
    return f"rgb({colour[0]}, {colour[1]}, {colour[2]})"


def _mixed(under: np.ndarray, over: np.ndarray, opacity: float) -> np.ndarray:
    return np.asarray(cv2.addWeighted(under, 1 - opacity, over, opacity, 0))
