"""How far a model's map of a corrupted picture agrees with its map of the clean one (paper, figures 3 and 11)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from skimage.metrics import structural_similarity

from analysis.corruptions import corrupt
from analysis.runs import Row
from analysis.saliency import normalise_map

if TYPE_CHECKING:
    from vars_core.backend import Backend

WINDOW = 7
"""Side of the SSIM window in grid cells, where the grid is that large."""

SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("layer", pa.string()),
        ("readout", pa.string()),
        ("iteration", pa.int32()),
        ("image", pa.string()),
        ("corruption", pa.string()),
        ("severity", pa.int32()),
        ("correlation", pa.float64()),
        ("ssim", pa.float64()),
        ("degenerate", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Agreement:
    """``correlation``: Pearson's, −1..1. ``ssim``: structural similarity of the two maps, each scaled to [0, 1] by its
    own minimum and maximum. ``degenerate``: one of the maps is flat, and the correlation is 0 by convention."""

    correlation: float
    ssim: float
    degenerate: bool


def map_agreement(saliency_map: np.ndarray, clean_map: np.ndarray) -> Agreement:
    """Compare two maps (h, w) of one layer, h and w at least 3, on the layer's own grid.

    On the grid rather than on the photograph, where upsampling would smooth both maps alike and flatter every model.
    SSIM takes means over 7 × 7 cells (the largest odd square that fits where the grid is smaller).
    """
    (first, first_flat), (second, second_flat) = normalise_map(saliency_map), normalise_map(clean_map)
    x, y = first.astype(np.float64), second.astype(np.float64)
    side = min(WINDOW, (min(x.shape) - 1) // 2 * 2 + 1)
    ssim = float(structural_similarity(x, y, win_size=side, data_range=1.0))
    if first_flat or second_flat:
        return Agreement(0.0, ssim, True)
    return Agreement(float(np.corrcoef(x.ravel(), y.ravel())[0, 1]), ssim, False)


def agreement_rows(
    backends: Sequence[Backend],
    image: np.ndarray,
    image_id: str,
    names: Sequence[str],
    severities: Sequence[int],
    *,
    seed: int = 0,
    batch_size: int = 16,
) -> list[Row]:
    """Rows of one picture, uint8 (H, W, 3): every model × corruption × severity, at the model's default layer and
    readout and its last iterate. The picture is corrupted once for all models."""
    variants = [(name, severity) for name in names for severity in severities]
    pictures = [image, *(corrupt(image, name, severity, image_id, seed) for name, severity in variants)]
    rows = []
    for backend in backends:
        clean, *maps = last_maps(backend, pictures, batch_size)
        iteration = clean.iteration
        for (name, severity), found in zip(variants, maps, strict=True):
            agreement = map_agreement(found.values, clean.values)
            rows.append(
                {
                    "model": backend.name,
                    "layer": backend.default_layer,
                    "readout": backend.default_readout,
                    "iteration": iteration,
                    "image": image_id,
                    "corruption": name,
                    "severity": severity,
                    "correlation": agreement.correlation,
                    "ssim": agreement.ssim,
                    "degenerate": agreement.degenerate,
                }
            )
    return rows


@dataclass(frozen=True)
class LastMap:
    """A map (h, w) and the number of the iterate it is of."""

    values: np.ndarray
    iteration: int


def last_maps(backend: Backend, pictures: Sequence[np.ndarray], batch_size: int) -> Iterator[LastMap]:
    """The default map of each picture at the last iterate."""
    layer, readout = backend.default_layer, backend.default_readout
    for start in range(0, len(pictures), batch_size):
        batch, _ = backend.prepare(pictures[start : start + batch_size])
        iterates = backend.trace(batch, readouts=(readout,), layers=(layer,))[layer].maps[readout]
        yield from (LastMap(values.numpy(), len(iterates) - 1) for values in iterates[-1])


def write_rows(rows: Sequence[Row], facts: Mapping[str, object], file: Path) -> pa.Table:
    """Store the rows as Parquet, with ``facts`` (data, checkpoints, command) as JSON under the key "facts"."""
    table = pa.Table.from_pylist(list(rows), schema=SCHEMA).replace_schema_metadata({"facts": json.dumps(facts)})
    temporary = file.with_name(f"{file.name}.tmp")
    pq.write_table(table, temporary, compression="zstd")
    temporary.replace(file)
    return table


def summary(table: pa.Table, by: str) -> str:
    """A Markdown table: a line for each value of the column ``by``, a column for each model.

    A cell is "correlation / SSIM" averaged over everything else; the last line is the mean of all rows, with its 95 %
    interval (bootstrap over images).
    """
    columns = {name: np.array(table[name].to_pylist()) for name in ("model", by, "image", "correlation", "ssim")}
    models, values = (list(dict.fromkeys(columns[name].tolist())) for name in ("model", by))
    lines = [f"| {by} | " + " | ".join(models) + " |", "|---|" + "---:|" * len(models)]
    for value in values:
        chosen = [(columns["model"] == model) & (columns[by] == value) for model in models]
        cells = [" / ".join(f"{columns[m][rows].mean():.3f}" for m in ("correlation", "ssim")) for rows in chosen]
        lines.append(f"| {value} | " + " | ".join(cells) + " |")
    overall = []
    for model in models:
        rows = columns["model"] == model
        parts = (interval(columns[m][rows], columns["image"][rows]) for m in ("correlation", "ssim"))
        overall.append(" / ".join(f"{mean:.3f} [{low:.3f}, {high:.3f}]" for mean, low, high in parts))
    lines.append("| **mean** [95 %] | " + " | ".join(overall) + " |")
    return "\n".join(lines)


def interval(values: np.ndarray, groups: np.ndarray, draws: int = 2000) -> tuple[float, float, float]:
    """Mean of ``values`` and its 95 % interval when whole ``groups`` (images) are drawn with replacement."""
    means = np.array([values[groups == group].mean() for group in np.unique(groups)])
    picks = np.random.default_rng(0).integers(len(means), size=(draws, len(means)))
    low, high = np.quantile(means[picks].mean(axis=1), [0.025, 0.975])
    return float(values.mean()), float(low), float(high)
