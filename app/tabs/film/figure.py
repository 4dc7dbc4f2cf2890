"""What a visitor takes along from the Film tab: frames beside their maps, as a figure and as a film."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.column import colour_bar, pictures_figure
from analysis.paper_figures.iterates import frames_of
from analysis.runs import versions
from app.inference.frame_map import FrameMap
from app.inference.models import title
from app.library.clips import Clip
from app.tabs.film.words import about
from app.views.exports import Export
from app.views.look import Look
from app.views.software import software
from app.views.weights import figure_words

OVERVIEW = 6
"""Frames of a film that are shown at once."""


def film(clip: Clip, maps: Sequence[FrameMap], look: Look) -> list[np.ndarray]:
    """Frame | map, a picture a frame, uint8 (H, W, 3)."""
    return frames_of([figure(clip, maps, look, [i]) for i in range(len(maps))])


def overview(clip: Clip, maps: Sequence[FrameMap], look: Look) -> Canvas:
    """A few of the frames beside their maps, evenly spaced."""
    return figure(clip, maps, look, np.unique(np.linspace(0, len(maps) - 1, OVERVIEW).round().astype(int)).tolist())


def figure(clip: Clip, maps: Sequence[FrameMap], look: Look, chosen: Sequence[int]) -> Canvas:
    """The ``chosen`` frames, each beside its map; two such pairs in a row where there are several."""
    limits = look.limits([one.map for one in maps])
    pictures, captions = [], []
    for i in chosen:
        picture, one = clip.picture(i), maps[i]
        placement = one.model.placement(picture.shape[0], picture.shape[1])
        over = look.painting.over(picture, one.map, placement, signed=look.signed, limits=limits)
        pictures += [picture, over]
        captions += [f"{i * clip.seconds:.2f} s", ""]
    return pictures_figure(
        pictures,
        captions,
        columns=2 if len(chosen) == 1 else 4,
        title=f"{title(maps[0].model.name)} · layer {maps[0].layer} · {look.readout}",
        footer=f"{about(clip)} {figure_words(maps[0].model)}".rstrip(),
        bars=[colour_bar(look.painting.of(look.signed), limits)],
    )


def export(clip: Clip, maps: Sequence[FrameMap], look: Look) -> Export:
    """Frame ``look.t`` beside its map; the maps of all frames (n, h, w) float32 and their seconds; all in numbers."""
    model, frame = maps[0].model, min(look.t, len(maps) - 1)
    view = {key: value for key, value in look.settings.items() if key != "t"}
    settings = {
        "film": {
            "frames": len(maps),
            "seconds_between_frames": clip.seconds,
            "source": {"height": clip.height, "width": clip.width},
        },
        "view": {**view, "layer": maps[0].layer, "iteration": model.num_steps, "frame": frame},
        "models": [{"name": model.name, "checkpoint_sha256": model.checkpoint_hash, "image_size": model.image_size}],
        "software": software(),
        "versions": versions(),
    }
    arrays = {"maps": np.stack([one.map for one in maps]), "seconds": np.arange(len(maps)) * clip.seconds}
    return Export(figure(clip, maps, look, [frame]), clip.picture(frame).shape[1], arrays, settings)
