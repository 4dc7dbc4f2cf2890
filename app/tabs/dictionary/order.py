"""Which atoms of a dictionary are shown, and in which order. script.js does the same in the browser."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from analysis.colour_maps import DEFAULT, sequential
from app.inference.atoms import LayerAtoms
from app.views.numbers import whole
from vars_core.errors import InputError, check_range

ALL = "all"
PARTS = (ALL, "dynamic", "static")
SORTS = ("use", "index")
SCALES = ("own", "shared")

PAGE = 64
"""Atoms that are shown at once."""

CHANNELS = 16
"""A convolutional dictionary has a few kernels for each of many channels: so many channels stand in for a head."""


@dataclass(frozen=True)
class AtomLook:
    """How a dictionary is looked at.

    ``layer`` None or one that the model lacks: the model's default. ``head``: "all" or its index from 0; for a
    convolution that of a block of `CHANNELS` channels. ``t`` past the last iterate: the last one. ``scale`` "own":
    each atom by its own extremes; "shared": by those of all atoms chosen. ``page`` from 1, past the last: the last.
    ``colours``: of dynamic atoms, see `analysis.colour_maps`.
    """

    layer: str | None = None
    head: str = ALL
    part: str = ALL
    sort: str = "use"
    t: int = 3
    scale: str = "own"
    page: int = 1
    colours: str = DEFAULT.name

    def __post_init__(self) -> None:
        if self.head != ALL and whole(self.head) is None:
            raise InputError(f"expected a head as {ALL!r} or its index from 0, got {self.head[:40]!r}")
        for name, value, known in (("part", self.part, PARTS), ("order", self.sort, SORTS)):
            if value not in known:
                raise InputError(f"unknown {name} {value[:40]!r}: expected one of {', '.join(known)}")
        if self.scale not in SCALES:
            raise InputError(f"unknown colour scale {self.scale[:40]!r}: expected {' or '.join(SCALES)}")
        check_range("an iterate", self.t, 0)
        check_range("a page", self.page, 1)
        sequential(self.colours)

    @property
    def settings(self) -> dict[str, object]:
        """As they stand in a link and in the settings file."""
        return asdict(self)


def num_heads(atoms: LayerAtoms) -> int:
    """Heads to choose from; for a convolution blocks of channels."""
    groups = len(atoms.atoms)
    return -(-groups // CHANNELS) if atoms.convolutional else groups


def chosen(atoms: LayerAtoms, look: AtomLook) -> list[tuple[int, int]]:
    """(group, atom) of every atom of the head and part, in the order of ``look``; equal uses in order of index.

    Raises InputError for a head or a part that this dictionary lacks.
    """
    if look.head != ALL and int(look.head) >= num_heads(atoms):
        kind = f"block of {CHANNELS} channels" if atoms.convolutional else "head"
        raise InputError(f"expected a {kind} of 0..{num_heads(atoms) - 1}, got {look.head}")
    if look.part != ALL and look.part not in atoms.parts:
        raise InputError(f"layer {atoms.layer} of {atoms.model.name} has no {look.part} atoms")
    groups, count = atoms.use.shape[1:]
    each = CHANNELS if atoms.convolutional else 1
    heads = (
        range(groups) if look.head == ALL else range(int(look.head) * each, min(groups, (int(look.head) + 1) * each))
    )
    first = atoms.num_dynamic if look.part == "static" else 0
    last = atoms.num_dynamic if look.part == "dynamic" else count
    places = [(head, atom) for head in heads for atom in range(first, last)]
    if look.sort == "index":
        return places
    use = atoms.use[min(look.t, atoms.num_steps)]
    order = np.argsort([-use[place] for place in places], kind="stable")
    return [places[i] for i in order]


def num_pages(count: int) -> int:
    """Pages that ``count`` atoms fill, at least one."""
    return max(1, -(-count // PAGE))
