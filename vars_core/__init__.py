"""VARS: visual attention as recurrent sparse reconstruction. Models, their traces, and one inference backend.

Importing this loads neither torch nor a model: a name of the package is imported from its module when it is first
asked for, so that ``--help`` and a bad option cost nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vars_core.errors import InputError
from vars_core.timm_registration import register_when_imported

if TYPE_CHECKING:
    from vars_core.backend import Backend
    from vars_core.checkpoints import load_checkpoint
    from vars_core.readouts import READOUTS
    from vars_core.registry import create_model
    from vars_core.trace import LayerTrace, Trace, TraceRecorder
    from vars_core.weights import load_model

_MODULES = {
    "READOUTS": "readouts",
    "Backend": "backend",
    "LayerTrace": "trace",
    "Trace": "trace",
    "TraceRecorder": "trace",
    "create_model": "registry",
    "load_checkpoint": "checkpoints",
    "load_model": "weights",
}
"""Where the public names are defined."""

__all__ = ["InputError", *_MODULES]

register_when_imported()


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value  # next time it is found at once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
