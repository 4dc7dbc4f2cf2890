"""Which output of a model stands for which class of the data: by name where it can be, before the first batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vars_core.checkpoints import read_checkpoint
from vars_core.data.class_labels import has_names, named
from vars_core.errors import InputError


@dataclass(frozen=True)
class Match:
    """``outputs[label]`` is the model's output for the data's class ``label``; ``words``: how that was decided."""

    outputs: NDArray[np.int64]
    words: str


def head_names(checkpoint: Path | None) -> tuple[str, ...] | None:
    """The class names that a checkpoint states, in the order of its outputs; None where it states none."""
    if checkpoint is None:
        return None
    if checkpoint.suffix == ".safetensors":
        stated = json.loads(read_checkpoint(checkpoint).metadata.get("classes", "[]"))
    else:
        stated = _facts(checkpoint).get("classes", [])
    names = tuple(map(str, stated)) if isinstance(stated, list) else ()
    return names if names and has_names(names) else None


def _facts(checkpoint: Path) -> dict[str, Any]:
    """What a checkpoint of a training run carries along; nothing of any other file."""
    try:
        facts = torch.load(checkpoint, map_location="cpu", weights_only=True).get("facts", {})
    except Exception:  # whatever else it is, reading its weights will say so
        return {}
    return facts if isinstance(facts, dict) else {}


def match(outputs: int, names: Sequence[str] | None, classes: Sequence[str]) -> Match:
    """The outputs that stand for the data's ``classes``, of a model with so many ``outputs`` called ``names``.

    By name where both have names that are each used once: the data may then have fewer classes, in any order. By number
    otherwise, and then there must be as many of the ones as of the others. Raises InputError: the data has a class that
    the model does not know, or another number of them.
    """
    both = names is not None and len(names) == outputs and has_names(classes)
    if both and len(set(names or ())) == outputs:
        index = {name: number for number, name in enumerate(names or ())}
        unknown = [name for name in classes if name not in index]
        if unknown:
            raise InputError(
                f"expected data of the model's {outputs} classes ({named(names or ())}), "
                f"{len(unknown)} of the data's {len(classes)} are none of them: {named(unknown)}"
            )
        return Match(
            np.array([index[name] for name in classes], dtype=np.int64), f"by name, {len(classes)} of {outputs}"
        )
    if len(classes) != outputs:
        raise InputError(
            f"expected data of the model's {outputs} classes, it has {len(classes)} ({named(classes)}), "
            "and there are no names on both sides to match them by"
        )
    return Match(np.arange(outputs), f"by number, {outputs}")
