"""Whose attention a visitor asks for: that of all tokens, of one token, of a class; of every head or of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.inference.traced import LayerMaps, Traced
from app.views.answers import class_name, likeliest
from app.views.numbers import whole
from vars_core.errors import InputError
from vars_core.targets import ClassLogit, ClassToken, Target, Token

NOBODY, EVERY_TOKEN, ONE_TOKEN, CLASS_TOKEN, A_CLASS = "off", "heads", "token", "cls", "class"
WHOSE = {
    NOBODY: "no more",
    EVERY_TOKEN: "every head",
    ONE_TOKEN: "one token",
    CLASS_TOKEN: "the class token",
    A_CLASS: "a class",
}
"""What is looked at besides the map, by its name in a link, as people read it."""

ALL_HEADS = "all"
PREDICTED = ""
"""As a class: the one that the model finds likeliest."""


@dataclass(frozen=True)
class Asked:
    """``token`` "y,x" in shares of the picture; ``index`` a class, "" for the predicted one; ``head`` "all" or 0.."""

    whose: str = NOBODY
    token: str = ""
    index: str | None = PREDICTED
    head: str | None = ALL_HEADS

    def __post_init__(self) -> None:
        if self.whose not in WHOSE:
            raise InputError(f"expected one of {', '.join(WHOSE)}, got {self.whose[:40]!r}")

    def target(self, traced: Traced, layer: LayerMaps) -> Target:
        """What the gradients are of. Raises InputError for a token or a class that is not there."""
        if self.whose == ONE_TOKEN:
            return self.token_of(layer)
        if self.whose == CLASS_TOKEN:
            return ClassToken()
        return ClassLogit(self.class_of(traced)) if self.whose == A_CLASS else None

    def token_of(self, layer: LayerMaps) -> Token:
        """The token of the layer's grid that lies at the place; the middle where none was named."""
        try:
            y, x = (float(part) for part in self.token.split(",")) if self.token else (0.5, 0.5)
        except ValueError:
            raise InputError(f'expected a place as "y,x" in shares of the picture, got {self.token[:40]!r}') from None
        if not (0 <= y <= 1 and 0 <= x <= 1):
            raise InputError(f"expected a place within the picture, 0..1 down and across, got {self.token[:40]!r}")
        rows, columns = layer.grid
        return Token(min(int(y * rows), rows - 1), min(int(x * columns), columns - 1))

    def class_of(self, traced: Traced) -> int:
        """The class by its index. Raises InputError."""
        if self.index in (None, PREDICTED):
            return int(traced.logits.argmax())
        index, count = whole(self.index), len(traced.logits)
        if index is None or index >= count:
            raise InputError(f"expected a class 0..{count - 1}, got {str(self.index)[:40]!r}")
        return index

    def head_of(self, num_heads: int) -> int | None:
        """The head, None for all of them and for one that this layer lacks."""
        head = whole(self.head)
        return head if head is not None and head < num_heads else None


def class_choices(traced: Traced, names: Sequence[str] | None) -> list[tuple[str, str]]:
    """The predicted class, the five likeliest with their probabilities, then all by name: (what is read, index)."""
    called = [class_name(i, names) for i in range(len(traced.logits))]
    likely = dict(likeliest(traced))
    first = [(f"{called[i]} · {probability:.1%}", str(i)) for i, probability in likely.items()]
    others = sorted((i for i in range(len(called)) if i not in likely), key=called.__getitem__)
    return [("the predicted class", PREDICTED), *first, *((called[i], str(i)) for i in others)]
