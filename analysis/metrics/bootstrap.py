"""95 % intervals by resampling images."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

DRAWS = 1000
SEED = 0


@lru_cache(maxsize=8)
def resamples(n: int, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """How often each of ``n`` images is drawn, float64 (draws, n); every row sums to n. Seeded, hence repeatable.

    As a matrix: ``resamples(n) @ sums_per_image`` are the sums over each resampled data set. Products of whole numbers
    below 2⁵³ are exact, so they do not depend on how the product is computed.
    """
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64)
    counts.setflags(write=False)
    return counts


def interval(statistics: np.ndarray) -> tuple[float, float]:
    """The 2.5 % and 97.5 % quantiles of a statistic over the resampled data sets, (draws,)."""
    low, high = np.quantile(statistics, [0.025, 0.975])
    return float(low), float(high)
