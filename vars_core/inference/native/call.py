"""Tensors and numbers as a loaded library's functions take them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import torch
from torch import Tensor
from torch.profiler import record_function

REALS = {torch.float32: "float", torch.float64: "double"}
"""Precisions that a loop is compiled for, by their names in C++."""

LANES = 16
"""Numbers that a loop does side by side (``lanes.h``)."""


def numbers(dtype: torch.dtype) -> dict[str, str | int]:
    """The constants that say what a loop computes with."""
    return {"REAL": REALS[dtype], "LANES": LANES}


COMPILED = "compiled::"
"""What a loop's name begins with where a profiler shows it."""


def call(function: Callable[..., object], *arguments: Tensor | int | float | None) -> None:
    """A tensor as a pointer to its numbers, a whole number as a long, any other as a double."""
    with record_function(COMPILED + getattr(function, "__name__", "loop")):
        function(*map(_passed, arguments))


def _passed(argument: Tensor | int | float | None) -> object:
    if argument is None:
        return None
    if isinstance(argument, Tensor):
        return ctypes.c_void_p(argument.data_ptr())
    return ctypes.c_long(argument) if isinstance(argument, int) else ctypes.c_double(argument)
