"""The inference path: a trained model made over into one that computes the same, faster.

`frozen` builds it. Every module whose fast form differs has an entry in one of the files here; all others are taken
as they are, with the very same weights. A traced and a plain call of the fast model agree bit for bit, as those of the
trained one do; the two models agree to rounding.
"""

from vars_core.inference import attention, dense, folding, fused, spectral
from vars_core.inference.freeze import frozen
