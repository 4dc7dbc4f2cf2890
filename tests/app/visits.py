"""Pictures that cannot be confused, and what each model really shows for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from app.models import EMBEDDED, ModelShelf
from app.traced import READOUTS, Traced, of_image

TOLERANCE = 0.005
"""How far two maps of one picture may be apart, see `apart`. Another batch sums in another order, and a code of VARS-S
that lies on the edge of the shrinkage then jumps: measured up to 0.0032, against 0.022 or more for two pictures."""

Answers = Mapping[str, Traced]
"""What each embedded model shows for one picture."""


def blobs(seed: int, height: int = 150, width: int = 200) -> np.ndarray:
    """uint8 (height, width, 3): coloured blobs, elsewhere for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def right_answers(pictures: Sequence[np.ndarray]) -> list[Answers]:
    """What the models show for each picture, computed here, by themselves."""
    shelf = ModelShelf("cpu")
    found: list[dict[str, Traced]] = [{} for _ in pictures]
    for model in EMBEDDED:
        backend, facts = shelf.backend(model), shelf.facts(model)
        for start in range(0, len(pictures), 8):
            batch, _ = backend.prepare(pictures[start : start + 8])
            trace = backend.trace(batch, READOUTS, statistics=True)
            for i in range(len(batch)):
                found[start + i][model] = of_image(trace, i, facts)
    return found


def expected(answers: Answers, model: str, readout: str, iteration: int) -> np.ndarray:
    """The map (h, w) that ``/attention`` has to give."""
    traced = answers[model]
    return traced.map(traced.model.default_layer, readout, iteration)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The mean difference of two maps, in parts of the first one's range."""
    return float(np.abs(one - other).mean() / max(float(np.ptp(one)), 1e-12))
