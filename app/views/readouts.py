"""The readouts in the page's words."""

from __future__ import annotations

READOUT_WORDS = {
    "stream": "How strong each token leaves the block, had the solver stopped at this iterate: ‖block output‖.",
    "contribution": "What each token brings to the pooled output: attention times the size of its value.",
    "energy": "How much the layer itself answers at each token, over all heads and channels: ‖z‖.",
    "gap": "The attention of the average token: how much the mean output listens to each token. May be negative.",
}
"""One sentence for each readout (SPEC §4)."""
