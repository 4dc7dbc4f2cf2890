"""The rows of the paper's table 2 by name, and which of them there are weights for."""

from __future__ import annotations

from pathlib import Path

from vars_core.embedded import embedded_weights

ROWS = (
    "timm/regnety_040",
    "timm/resnet50",
    "timm/resnext50_32x4d",
    "timm/inception_v3",
    "timm/pit_ti_224",
    "timm/convit_tiny",
    "timm/deit_tiny_patch16_224",
    *(f"deit_tiny/{mixer}" for mixer in ("performer", "vars_s", "vars_d", "vars_sd")),
    *(f"gfnet_tiny/{mixer}" for mixer in ("filter", "vars_s", "vars_d", "vars_sd")),
    *(f"rvt_tiny/{mixer}" for mixer in ("performer", "vars_s", "vars_d", "vars_sd")),
)
"""Specs in the table's order; PVT is not in timm under the paper's size and is left out."""

SUFFIXES = (".safetensors", ".pth")


def weights_of(spec: str, folder: Path | None) -> Path | None:
    """The file for a row: ``FOLDER/<backbone>_<mixer>.safetensors`` or ``.pth``, else what comes with the project."""
    files = [] if folder is None else [folder / f"{spec.replace('/', '_')}{suffix}" for suffix in SUFFIXES]
    return next((file for file in files if file.is_file()), embedded_weights(spec))
