"""A training run on disk: written whole or not at all, read without running anything it contains."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vars_core.errors import InputError
from vars_core.whole_file import flush_to_disk, whole_file

logger = logging.getLogger(__name__)

FORMAT = "vars-training-1"


def write_training_state(state: Mapping[str, Any], path: Path) -> None:
    """Save ``state`` so that ``path`` holds either the old file or the complete new one, whatever happens.

    Raises OSError (a full disk, say) after removing the unfinished file; the old one is untouched.
    """
    try:
        with whole_file(path) as temporary:
            torch.save(dict(state), temporary)
            flush_to_disk(temporary)
    except (OSError, RuntimeError) as error:  # torch wraps a failed write of its archive in a RuntimeError
        raise OSError(f"could not write {path}: {error}") from error


def read_training_state(path: str | Path) -> dict[str, Any]:
    """What `write_training_state` stored; InputError for what is no checkpoint of a training run."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"expected a training checkpoint, {path} does not exist") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise InputError(f"{path} is no training checkpoint: {str(error).splitlines()[0]}") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise InputError(f"{path} is no training checkpoint: expected format {FORMAT!r}")
    return state
