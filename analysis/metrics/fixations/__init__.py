"""Maps against eye fixations (SPEC §7). Float64, at the source image's size, one function a metric."""

from __future__ import annotations

from analysis.metrics.fixations.density import fixation_counts, fixation_density
from analysis.metrics.fixations.scores import (
    auc_judd,
    cc,
    information_gain,
    kl,
    nss,
    rank_auc,
    shuffled_auc,
    shuffled_auc_splits,
    sim,
)
