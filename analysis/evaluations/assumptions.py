"""What an evaluation takes for granted where nobody said otherwise: printed once, and kept in the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analysis.evaluations.suites import class_ids
from vars_core.data.listing import PICTURE_SUFFIXES
from vars_core.image_size import size_text

if TYPE_CHECKING:
    from vars_core.backend import Backend

CONVENTIONS = (
    "a picture is upright as its EXIF, XMP or TIFF tag says; of an animation the first frame counts, transparency is "
    "laid on white, a colour profile is not applied, and more than 8 bits a channel are scaled by the least usual "
    "scale that holds the brightest value",
    f"a file is a picture where its name ends in {' '.join(sorted(PICTURE_SUFFIXES))}, in any case, and its name is "
    "the same with any of these endings",
)
"""Of pictures and their files, whatever is measured."""


def of_model(backend: Backend) -> Iterator[str]:
    """What is assumed of a model's input, in sentences."""
    name, wanted = backend.name, backend.preprocessing
    if name.startswith("timm/") and "." not in name:
        mean, std = (" ".join(f"{value:g}" for value in values) for values in (wanted.mean, wanted.std))
        yield (
            f"{name} is fed as timm's default configuration of that architecture says (mean {mean}, deviation "
            f"{std}, {wanted.interpolation}): name a tag, {name}.TAG, for weights trained otherwise"
        )
    if wanted.covered is not None:
        yield (
            f"{name} sees the upper left {size_text(wanted.covered)} of its {size_text(backend.image_size)} "
            "pixels, a whole number of patches: its maps lie there, and their edge is continued beyond"
        )


def of_classes(backend: Backend) -> Iterator[str]:
    """What is assumed of a classifier's outputs, in sentences."""
    count = backend.model.num_classes
    if class_ids(count) is not None:
        whose = "ImageNet" if count == 1000 else "Tiny ImageNet"
        yield (
            f"the {count} outputs of {backend.name} are {whose}'s classes in the order of their WordNet ids, whatever "
            "the weights were trained on"
        )
