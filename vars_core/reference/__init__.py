"""The models a second time, formula by formula: the oracle of the tests and the yardstick of the benchmarks.

Nothing here is shared with the models: one image at a time, explicit matrices, loops over heads and kernels, float64.
Read `solvers` and `dictionaries` beside SPEC §1, `mixers` beside §1 and §4, `network` beside §2.
"""

from vars_core.reference.network import Architecture, ReferenceLayer, ReferenceTrace, reference_logits, reference_trace
