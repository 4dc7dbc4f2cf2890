"""The laboratory: the recurrent circuit that a VARS layer unrolls, run on that layer's own dictionary and input."""

from vars_core.dynamics.attention import feature_problem, unnormalised_performer
from vars_core.dynamics.circuit import Circuit, State, adaptive, euler
from vars_core.dynamics.iterations import attention_step, ista, lista, own_iterates
from vars_core.dynamics.layer import Layer, layer_problem, read_layer
from vars_core.dynamics.optimum import Optimum, lasso
from vars_core.dynamics.paths import Path, Rates, Settling, num_groups, settle
from vars_core.dynamics.problem import Problem, distance, sparsity
