"""What a model takes a picture for, in words: the likeliest class, and whether another picture of it changes that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.inference.traced import Traced

Names = Callable[[Traced], Sequence[str] | None]
"""The names of a model's classes in the order of its logits, None where they are not known (`Services.class_names`)."""


@dataclass(frozen=True)
class Answer:
    """The likeliest class: ``name``, ``probability`` in [0, 1], and whether it is another than of the clean picture.

    ``changed`` is None where there is no clean picture to hold it against, or this is it.
    """

    name: str
    probability: float
    changed: bool | None = None

    @property
    def words(self) -> str:
        """ "tabby 63.0 %", and whether that is the clean picture's answer."""
        held = {None: "", False: ", as clean", True: ", not as clean"}[self.changed]
        return f"{self.name} {100 * self.probability:.1f} %{held}"


def class_name(index: int, names: Sequence[str] | None) -> str:
    """A class in words."""
    return names[index] if names else f"class {index}"


def likeliest(traced: Traced, count: int = 5) -> list[tuple[int, float]]:
    """The ``count`` likeliest classes: (index, probability), likeliest first."""
    scores = np.exp(traced.logits.astype(np.float64) - traced.logits.max())
    probabilities = scores / scores.sum()
    return [(int(i), float(probabilities[i])) for i in np.argsort(-probabilities)[:count]]


def predictions(traced: Traced, names: Sequence[str] | None, count: int = 5) -> list[tuple[str, float]]:
    """The `likeliest` classes by their names."""
    return [(class_name(i, names), probability) for i, probability in likeliest(traced, count)]


def answer(traced: Traced, names: Names, clean: Traced | None = None) -> Answer | None:
    """The likeliest class; None of untrained weights, which know no classes.

    ``clean``: what the model computed for the clean picture, if that is another one.
    """
    if not traced.model.trained or not traced.logits.size:
        return None
    ((name, probability),) = predictions(traced, names(traced), 1)
    changed = None if clean is None or clean is traced else bool(clean.logits.argmax() != traced.logits.argmax())
    return Answer(name, probability, changed)


def answers(
    results: Sequence[Sequence[Traced]], names: Names, clean: Sequence[Traced] | None = None
) -> list[Answer | None]:
    """One answer a panel, row by row; ``clean[column]``: of the clean picture, where it was asked for."""
    return [
        answer(result, names, None if clean is None else clean[column])
        for row in results
        for column, result in enumerate(row)
    ]


def described(answer: Answer | None) -> dict[str, object] | None:
    """An answer as JSON."""
    return (
        None if answer is None else {"class": answer.name, "probability": answer.probability, "changed": answer.changed}
    )
