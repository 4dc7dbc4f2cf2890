"""Where a model's maps are read unless somebody says otherwise: input size, layer, readout (SPEC §4).

Accuracy is measured at the size that a model was trained at; its maps may say more at another one. For the embedded
models the place was measured, by one rule for all of them (docs/weights.md); others are read as the paper's figures
5 and 7 are.
"""

from __future__ import annotations

from dataclasses import dataclass

from vars_core.image_size import ImageSize


@dataclass(frozen=True)
class MapReading:
    """``image_size`` None: the backbone's own; ``layer`` None: the last block of stage 0."""

    image_size: ImageSize | None = None
    layer: str | None = None
    readout: str = "stream"


MEASURED = {"rvt_nano": MapReading(image_size=224, layer="1.1", readout="contribution")}
"""By backbone: the first line of docs/results/readouts.md."""


DEFAULT_READOUT = MEASURED["rvt_nano"].readout
"""Of the models that come with the project: what is offered first where no model has been chosen yet."""


def default_reading(backbone: str) -> MapReading:
    """The reading of a backbone's maps, "rvt_nano" or "timm"."""
    return MEASURED.get(backbone, MapReading())
