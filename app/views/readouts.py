"""The readouts in the page's words."""

from __future__ import annotations

from app.inference.traced import READOUTS as OFFERED
from vars_core.readouts import READOUTS

READOUT_WORDS = {name: READOUTS[name].words for name in OFFERED}
"""One sentence for each readout (SPEC §4)."""
