"""Pictures that cannot be confused, and what each model really shows for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from app.inference.models import EMBEDDED, ModelShelf
from app.inference.traced import READOUTS, Traced, of_image

TOLERANCE = 0.1
"""How far two maps of one picture may be apart, in parts of their range.

Sums in another order make a code of VARS-S on the edge of the shrinkage jump, which moved points of its gap by up
to 0.07 of the range; all else agrees to 1e-4.
"""

Answers = Mapping[str, Sequence[Traced]]
"""What each embedded model shows for one picture, alone and in a batch: a code of VARS-S that lies on the edge of the
shrinkage jumps with the order of summation, and both maps are the model's."""


def blobs(seed: int, height: int = 150, width: int = 200) -> np.ndarray:
    """uint8 (height, width, 3): coloured blobs, elsewhere for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def right_answers(pictures: Sequence[np.ndarray]) -> list[Answers]:
    """What the models show for each picture, computed here, by themselves."""
    shelf = ModelShelf("cpu")
    answers: list[dict[str, list[Traced]]] = [{model: [] for model in EMBEDDED} for _ in pictures]
    for model in EMBEDDED:
        backend, facts = shelf.backend(model), shelf.facts(model)
        for size in (1, 8):
            for start in range(0, len(pictures), size):
                batch, _ = backend.prepare(pictures[start : start + size])
                trace = backend.trace(batch, READOUTS, statistics=True)
                for i in range(len(batch)):
                    answers[start + i][model].append(of_image(trace, i, facts))
    return answers


def expected(answers: Answers, model: str, readout: str, iteration: int) -> list[np.ndarray]:
    """The maps (h, w) of which ``/attention`` has to give one."""
    return [traced.map(traced.model.default_layer, readout, iteration) for traced in answers[model]]


def is_one_of(maps: Sequence[np.ndarray], seen: np.ndarray) -> bool:
    """Is a map that was seen one of those expected?"""
    return any(apart(one, seen) <= TOLERANCE for one in maps)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference of two maps, in parts of the first one's range."""
    return float(np.abs(one - other).max() / max(float(np.ptp(one)), 1e-12))
