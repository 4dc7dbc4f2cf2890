"""The one table of mixers: each entry stands in the file of its mixer."""

from __future__ import annotations

from vars_core.errors import InputError, nearest
from vars_core.mixers.attention import PERFORMER, SELF
from vars_core.mixers.kind import MixerKind
from vars_core.mixers.reconstruction import VARS_D, VARS_SD
from vars_core.mixers.spectral import FILTER, VARS_S

MIXERS: dict[str, MixerKind] = {kind.name: kind for kind in (SELF, PERFORMER, VARS_S, VARS_D, VARS_SD, FILTER)}


def mixer_kind(name: str) -> MixerKind:
    """The entry of that name; an unknown one is an `InputError` that names the nearest."""
    if name not in MIXERS:
        raise InputError(f"unknown mixer {name!r}; nearest: {nearest(name, MIXERS)}")
    return MIXERS[name]
