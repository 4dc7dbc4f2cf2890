"""What a set of labelled pictures is to the rest of the code: names, labels and encoded bytes, one at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vars_core.data.class_labels import named
from vars_core.errors import InputError


@runtime_checkable
class LabelledImages(Protocol):
    """Pictures that are read on demand; nothing is decoded here."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names; a label is an index into them."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """One label per picture, shape (len(self),)."""

    @property
    def fingerprint(self) -> str:
        """Changes when the pictures do: the key of anything cached from them."""

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """What a person would call picture ``index``: its file, or its row in a shard."""

    def encoded(self, index: int) -> bytes:
        """The file's bytes (JPEG, PNG, WebP ...)."""


class Subset:
    """Some of the pictures of another set, in the order given; classes stay as they were."""

    def __init__(self, source: LabelledImages, indices: Sequence[int] | NDArray[np.int64]) -> None:
        self.source = source
        self.indices = np.asarray(indices, dtype=np.int64)
        self.classes = source.classes
        self.labels = source.labels[self.indices]
        self.fingerprint = digest([source.fingerprint, self.indices.tobytes()])

    def __len__(self) -> int:
        return len(self.indices)

    def name(self, index: int) -> str:
        return self.source.name(int(self.indices[index]))

    def encoded(self, index: int) -> bytes:
        return self.source.encoded(int(self.indices[index]))


class JoinedImages:
    """Several sets with the same classes, one after the other (three domains to train on, say)."""

    def __init__(self, sources: Sequence[LabelledImages]) -> None:
        if not sources:
            raise InputError("expected at least one set of pictures to join, none came")
        for source in sources[1:]:
            if source.classes != sources[0].classes:
                differing = sorted(set(source.classes) ^ set(sources[0].classes))
                raise InputError(
                    f"joined sets need the same classes in the same order, got {len(sources[0].classes)} and "
                    f"{len(source.classes)}" + (f", not in both: {named(differing)}" if differing else "")
                )
        self.sources = tuple(sources)
        self.classes = sources[0].classes
        self.labels = np.concatenate([source.labels for source in sources])
        self.fingerprint = digest([source.fingerprint for source in sources])
        self._ends = np.cumsum([len(source) for source in sources])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def _place(self, index: int) -> tuple[LabelledImages, int]:
        part = int(np.searchsorted(self._ends, index, side="right"))
        return self.sources[part], index - (int(self._ends[part - 1]) if part else 0)

    def name(self, index: int) -> str:
        source, place = self._place(index)
        return source.name(place)

    def encoded(self, index: int) -> bytes:
        source, place = self._place(index)
        return source.encoded(place)


def split(source: LabelledImages, held_out: float, seed: int) -> tuple[Subset, Subset]:
    """``(kept, held out)``: a fraction of every class drawn with ``seed``; at least one picture where there are two."""
    if not 0 < held_out < 1:
        raise InputError(f"the held-out fraction must lie between 0 and 1, got {held_out}")
    generator = np.random.default_rng(seed)
    chosen = np.zeros(len(source), dtype=bool)
    for label in range(len(source.classes)):
        members = np.flatnonzero(source.labels == label)
        if len(members) > 1:
            count = min(max(1, round(held_out * len(members))), len(members) - 1)
            chosen[generator.choice(members, count, replace=False)] = True
    return Subset(source, np.flatnonzero(~chosen)), Subset(source, np.flatnonzero(chosen))


def identity(source: LabelledImages) -> str:
    """Names a set by its classes and labels, wherever its files lie: enough to notice that it is another one."""
    return digest([*source.classes, np.ascontiguousarray(source.labels).tobytes()])


def digest(parts: Iterable[str | bytes]) -> str:
    """A short name for the ``parts``, the same on every machine."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.encode() if isinstance(part, str) else part)
        sha.update(b"\0")
    return sha.hexdigest()[:16]
