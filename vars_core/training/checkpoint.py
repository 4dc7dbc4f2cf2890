"""A training run on disk: written whole or not at all, read without running anything it contains."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vars_core.errors import InputError

logger = logging.getLogger(__name__)

FORMAT = "vars-training-1"


def write_atomically(state: Mapping[str, Any], path: Path) -> None:
    """Save ``state`` so that ``path`` holds either the old file or the complete new one, whatever happens.

    Raises OSError (a full disk, say) after removing the unfinished file; the old one is untouched.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            torch.save(dict(state), file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except (OSError, RuntimeError) as error:  # torch wraps a failed write of its archive in a RuntimeError
        partial.unlink(missing_ok=True)
        raise OSError(f"could not write {path}: {error}") from error


def read_training_state(path: str | Path) -> dict[str, Any]:
    """What :func:`write_atomically` stored; InputError for what is no checkpoint of a training run."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"expected a training checkpoint, {path} does not exist") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise InputError(f"{path} is no training checkpoint: {str(error).splitlines()[0]}") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise InputError(f"{path} is no training checkpoint: expected format {FORMAT!r}")
    return state
