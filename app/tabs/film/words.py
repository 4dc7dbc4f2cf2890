"""The Film tab: what it sends of a clip and its maps, and what it says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from app.inference.frame_map import FrameMap
from app.inference.models import title
from app.inference.traced import ModelFacts
from app.library.clips import FRAME_SIDE, MAX_SECONDS, RATE, Clip
from app.views import payload
from vars_core.errors import InputError

CHUNK = 8
"""Frames of one answer: a batch of the model's. The browser asks for the next ones when it has drawn these."""

BOUNDS = (
    f"A video of at most {MAX_SECONDS} seconds as MP4, WebM, GIF or AVI; about {RATE} frames of a second are kept, "
    f"each of at most {FRAME_SIDE} pixels a side."
)
CAMERA = "A camera's frames are read one by one, the newest each time, and none is kept."


def about(clip: Clip) -> str:
    """What is shown, in a sentence."""
    rate = f"{1 / clip.seconds:.1f}".rstrip("0").rstrip(".")
    said = f"{len(clip)} frames of {clip.title}, {clip.width}×{clip.height} pixels, {rate} a second."
    return f"{said[:1].upper()}{said[1:]}"


def key_of(clip: str, model: str, layer: str, readout: str) -> str:
    """Equal for equal films."""
    return json.dumps([clip, model, layer, readout])


def layer_of(facts: ModelFacts, wanted: str | None) -> str:
    """The wanted layer where the model has it, else its usual one. Raises InputError for a model without layers."""
    if not facts.layers:
        raise InputError(f"{facts.name} has no attention layers: there is no map to show")
    return facts.layer_or_default(wanted)


def start_of(more: str, key: str) -> int:
    """The first frame that is wanted: what the browser asks for where it is of this film, else 0."""
    try:
        given = json.loads(more)
        return max(0, int(given["start"])) if given["key"] == key else 0
    except (ValueError, TypeError, KeyError, OverflowError):
        return 0


def chunk(clip: Clip, start: int, maps: Sequence[FrameMap], readout: str, key: str) -> dict[str, Any]:
    """Frames from ``start`` on with their maps, for script.js."""
    return {
        "key": key,
        "start": start,
        "of": len(clip),
        "seconds": clip.seconds,
        "pictures": [clip.address(start + i) for i in range(len(maps))],
        "panel": panel(clip.picture(start), maps[0]),
        "readout": readout,
        "maps": payload.record(np.stack([one.map for one in maps]), readout),
        "words": about(clip),
    }


def panel(picture: np.ndarray, one: FrameMap) -> dict[str, Any]:
    """What the viewer has to know of pictures of one size and of the model that looked at them; maps come beside it."""
    return {
        "title": title(one.model.name),
        "alt": "the frame with its map",
        **payload.lying(picture, one.model),
        "layer": one.layer,
        "grid": list(one.map.shape),
    }


def seen(number: int, picture: np.ndarray, one: FrameMap, readout: str) -> str:
    """The answer to one frame of a camera, JSON; ``number`` is the frame's."""
    maps = payload.record(one.map[None], readout)
    shown = {"number": number, "panel": panel(picture, one), "readout": readout, "maps": maps}
    return json.dumps(shown, separators=(",", ":"))


def refused(number: int, error: str, busy: bool) -> str:
    """The answer to a frame that got none; ``busy``: the browser may try again."""
    return json.dumps({"number": number, "error": error, "busy": busy})


def shot_of(shot: str) -> tuple[int, str]:
    """(number, ``data:`` address) of a camera's frame. Raises InputError."""
    try:
        given = json.loads(shot)
        return int(given["number"]), str(given["picture"])
    except (ValueError, TypeError, KeyError, OverflowError):
        raise InputError("expected a camera's frame as number and picture") from None
