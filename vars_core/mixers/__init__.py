"""Mixers: the layers that carry information between tokens, all (B, N, C) -> (B, N, C) (SPEC §1).

A mixer has two halves: `attend` gives z, what the maps are read from, and `project` takes z to the residual stream.
"""

from vars_core.mixers.base import Mixer
from vars_core.mixers.kind import Explained, LayerShape, MixerKind, Solving
from vars_core.mixers.table import MIXERS, mixer_kind
