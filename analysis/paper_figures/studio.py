"""What every figure is drawn from: the photographs, the models, and one way to read and paint a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from analysis.colour_maps import SIGNED
from analysis.painting import USUAL, Painting
from analysis.paper_figures.column import Bar, colour_bar
from analysis.paper_figures.sheet import Tile
from analysis.provenance import DIGITS
from analysis.saliency import is_degenerate
from vars_core.backend import Backend
from vars_core.data.fixations import Stimulus
from vars_core.image_size import size_text
from vars_core.images import Placement
from vars_core.readouts import READOUTS
from vars_core.trace import LayerTrace

SIDE = 224
"""Pixels of a picture in a figure."""


@dataclass(frozen=True)
class Studio:
    """``photographs`` by name, uint8 (H, W, 3); ``stimuli``: photographs with fixations, none where none were given."""

    backends: Sequence[Backend]
    photographs: Mapping[str, np.ndarray]
    stimuli: Sequence[tuple[Stimulus, np.ndarray]] = ()
    seed: int = 0
    painting: Painting = USUAL

    @property
    def bar(self) -> Bar:
        """Of maps without a sign."""
        return colour_bar(self.painting.colours, None)

    def bars(self, backends: Sequence[Backend]) -> list[Bar]:
        """What the colours of these models' default maps mean."""
        signed = {READOUTS[backend.default_readout].signed for backend in backends}
        return [*([self.bar] if False in signed else []), *([colour_bar(SIGNED, None)] if True in signed else [])]

    def overlay(self, image: np.ndarray, values: np.ndarray, backend: Backend, title: str) -> Tile:
        """A model's default map (h, w) over its photograph, on its own scale, whose ends are told under the pointer."""
        told = "constant: nothing to show" if is_degenerate(values) else f"{values.min():.3g} to {values.max():.3g}"
        signed = READOUTS[backend.default_readout].signed
        painted = self.painting.over(square(image).pixels, values, Placement(SIDE, SIDE, SIDE), signed=signed)
        return Tile(painted, f"{title}: {told}")

    @cached_property
    def with_dictionary(self) -> list[Backend]:
        """The models whose layers have a dictionary."""
        return [backend for backend in self.backends if str(backend.model.spec).partition("/")[2].startswith("vars_")]

    def maps(self, backend: Backend, images: Sequence[np.ndarray], layer: str, readout: str) -> np.ndarray:
        """Every iterate's map of every image, (T+1, n, h, w)."""
        batch, _ = backend.prepare(images)
        return backend.maps(batch, (readout,), [layer])[layer].maps[readout].numpy()

    def dictionary(self, backend: Backend, image: np.ndarray, layer: str) -> LayerTrace:
        batch, _ = backend.prepare([image])
        return backend.trace(batch, ("energy",), [layer], dictionary=True).layers[0]


def short(backend: Backend) -> str:
    """The mixer, or what the weights are called where they have a name of their own."""
    return backend.name.rpartition("/")[2]


def square(image: np.ndarray, title: str = "") -> Tile:
    """A photograph as the model's square shows it."""
    return Tile(Placement(image.shape[0], image.shape[1], SIDE).place(image), title)


def enlarged(pixels: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Each pixel as a block, for grids of tokens."""
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_NEAREST))


def described(backend: Backend, layer: str, readout: str, iterate: str) -> str:
    """The line of a caption that says which map of which weights is seen."""
    weights = "untrained" if backend.checkpoint_hash is None else backend.checkpoint_hash[:DIGITS]
    return (
        f"{backend.name}: weights {weights}, layer {layer}, readout {readout}, iterate {iterate}, "
        f"input {size_text(backend.image_size)} px"
    )


def paper_layer(backend: Backend) -> str:
    """The last block of stage 0, whose maps the paper's figures 5 and 7 show."""
    return [name for name in backend.layer_names if name.startswith("0.")][-1]


def last(backend: Backend) -> str:
    """The last iterate in words."""
    return f"{backend.num_steps} (last)" if short(backend).startswith("vars_") else "0 (the only one)"
