"""What a visitor takes along from a view: the figure, the raw arrays, the settings."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from analysis.paper_figures.canvas import Canvas
from analysis.runs import versions
from app.inference.traced import ModelFacts
from app.library.photographs import Subject
from app.serving.sessions import Sessions
from app.views.software import software


@dataclass(frozen=True)
class Export:
    """``drawing``: the figure, described once for every format; ``arrays`` for the .npz; ``settings`` for the JSON.

    ``width``: pixels of its first picture as PNG.
    """

    drawing: Canvas = field(repr=False)
    width: int
    arrays: Mapping[str, np.ndarray] = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)

    def figure(self) -> np.ndarray:
        """The figure in pixels, uint8 (H, W, 3)."""
        return self.drawing.pixels_with(self.width)


@dataclass(frozen=True)
class File:
    """A finished download; its name is ours, never a visitor's."""

    name: str
    kind: str
    data: bytes = field(repr=False)


def figure_file(tab: str, export: Export) -> File:
    """The figure as PNG."""
    _, encoded = cv2.imencode(".png", cv2.cvtColor(export.figure(), cv2.COLOR_RGB2BGR))
    return File(f"vars-{tab}.png", "image/png", encoded.tobytes())


def svg_file(tab: str, export: Export) -> File:
    """The figure as SVG."""
    return File(f"vars-{tab}.svg", "image/svg+xml", export.drawing.svg().encode())


def pdf_file(tab: str, export: Export) -> File:
    """The figure as PDF."""
    return File(f"vars-{tab}.pdf", "application/pdf", export.drawing.pdf())


def arrays_file(tab: str, export: Export) -> File:
    """The raw arrays as .npz, with the settings as ``settings`` (JSON text)."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {**export.arrays, "settings": np.array(json.dumps(export.settings))}
    np.savez_compressed(buffer, **arrays)
    return File(f"vars-{tab}.npz", "application/octet-stream", buffer.getvalue())


def settings_file(tab: str, export: Export) -> File:
    """The settings as JSON."""
    return File(f"vars-{tab}.json", "application/json", json.dumps(export.settings, indent=2).encode())


KINDS: dict[str, tuple[str, Callable[[str, Export], File]]] = {
    "figure": ("Figure (PNG)", figure_file),
    "svg": ("Figure (SVG)", svg_file),
    "pdf": ("Figure (PDF)", pdf_file),
    "arrays": ("Arrays (.npz)", arrays_file),
    "settings": ("Settings (JSON)", settings_file),
}
"""What is on offer: its label, and what makes it."""


class Downloads:
    """Finished files under names that cannot be guessed, in memory, the latest few: nothing is written to disk."""

    def __init__(self, total_bytes: int = 64_000_000) -> None:
        self._files = Sessions(session_bytes=total_bytes, total_bytes=total_bytes)

    def offer(self, file: File) -> str:
        """Keep the file for a while; returns the token that `take` wants."""
        token = secrets.token_urlsafe(24)
        self._files.put("downloads", token, file)
        return token

    def take(self, token: str) -> File | None:
        """The file, None when it is unknown or was pushed out by newer ones."""
        return self._files.get("downloads", token)


def described(subjects: list[Subject], models: list[ModelFacts], view: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that reproduce a view, and what it was made of."""
    photograph = subjects[0].photograph
    return {
        "view": dict(view),
        "photograph": {"ref": photograph.ref, "height": photograph.height, "width": photograph.width},
        "pictures": [
            None
            if subject.corruption is None
            else {
                "corruption": subject.corruption.name,
                "severity": subject.corruption.severity,
                "seed": subject.corruption.seed,
                "size": list(subject.display.shape[:2]),
            }
            for subject in subjects
        ],
        "models": [
            {
                "name": model.name,
                "checkpoint_sha256": model.checkpoint_hash,
                "image_size": model.image_size,
                **({"given": model.given} if model.given else {}),
            }
            for model in models
        ],
        "software": software(),
        "versions": versions(),
    }
