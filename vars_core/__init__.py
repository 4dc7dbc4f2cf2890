"""VARS: visual attention as recurrent sparse reconstruction. Models, their traces, and one inference backend."""

from vars_core.backend import Backend
from vars_core.checkpoints import load_checkpoint
from vars_core.errors import InputError
from vars_core.readouts import READOUTS
from vars_core.registry import create_model
from vars_core.trace import LayerTrace, Trace, TraceRecorder
from vars_core.weights import load_model

__all__ = [
    "READOUTS",
    "Backend",
    "InputError",
    "LayerTrace",
    "Trace",
    "TraceRecorder",
    "create_model",
    "load_checkpoint",
    "load_model",
]
