"""Made fixations for the tests."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import scipy.io

from ..made import SIZES, write_image

OBSERVERS = ("anna", "bo", "cem")

Rows = list[tuple[str, str, float, float]]


def made_rows(count: int, seed: int = 0) -> Rows:
    """Fixations of three observers around one place on each of ``count`` images, and one outside the frame."""
    generator = np.random.default_rng(seed)
    rows: Rows = []
    for index in range(count):
        height, width = SIZES[index % len(SIZES)]
        at = generator.uniform(0.25, 0.75, 2) * (width, height)
        rows.append((f"image_{index}.png", OBSERVERS[0], -1.0, 5.0))
        for observer in OBSERVERS:
            for _ in range(int(generator.integers(2, 6))):
                x, y = generator.normal(at, (width / 10, height / 10))
                rows.append((f"image_{index}.png", observer, round(float(x), 2), round(float(y), 2)))
    return rows


def make_table(root: Path, rows: Rows, images: int) -> Path:
    """A data set in the layout ``table``."""
    for index in range(images):
        write_image(root / "stimuli" / f"image_{index}.png", index, SIZES[index % len(SIZES)])
    with (root / "fixations.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "observer", "x", "y"))
        writer.writerows(rows)
    return root


def write_trial(path: Path, gaze: np.ndarray, *, name: str | None = None) -> None:
    """One trial as distributed: a struct named after the file, cut to 63 characters."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.empty((1, 1), dtype=[("eyeData", object)])
    data[0, 0]["eyeData"] = gaze
    struct = np.empty((1, 1), dtype=[("imgName", object), ("DATA", object)])
    struct[0, 0]["imgName"] = f"{path.stem}.jpeg"
    struct[0, 0]["DATA"] = data
    scipy.io.savemat(path, {(name or path.stem)[:63]: struct}, long_field_names=True)


def make_mit1003(root: Path, trials: Mapping[tuple[str, str], np.ndarray]) -> Path:
    """A data set in the layout of MIT1003 from gaze by (image stem, observer)."""
    for seed, stem in enumerate(dict.fromkeys(stem for stem, _ in trials)):
        write_image(root / "ALLSTIMULI" / f"{stem}.jpeg", seed, (300, 400))
    for (stem, observer), gaze in trials.items():
        write_trial(root / "DATA" / observer / f"{stem}.mat", gaze)
    return root


def gaze_of(*pieces: tuple[float, float, int], noise: float = 0.4, travel: int = 8, seed: int = 0) -> np.ndarray:
    """Raw gaze that rests at (x, y) for some samples, and travels to the next place within ``travel`` samples."""
    generator = np.random.default_rng(seed)
    parts: list[np.ndarray] = []
    for x, y, samples in pieces:
        if parts:
            share = (1 - np.cos(np.linspace(0, np.pi, travel + 2)[1:-1])) / 2
            parts.append(parts[-1][-1] + share[:, None] * (np.array([x, y]) - parts[-1][-1]))
        parts.append(np.array([x, y]) + generator.normal(0, noise, (samples, 2)))
    return np.concatenate(parts)
