"""Start from trained weights: the same network, perhaps with another head or at another image size."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from vars_core.checkpoints import load_state, read_checkpoint
from vars_core.data.class_labels import has_names
from vars_core.resample import resample_to
from vars_core.training.heads import head_names

logger = logging.getLogger(__name__)

HEAD = ("head.linear.", "head.fc.", "fc.", "classifier.", "head.weight", "head.bias", "model.head.", "model.fc.")
"""How keys of a classifier's last layer begin, here and in timm's models."""


def start_from(model: nn.Module, path: Path, classes: Sequence[str] = ()) -> list[str]:
    """Load the weights of ``path`` (a run's ``last.pt``: the averaged ones) into ``model``, to train on ``classes``.

    A head of another number of classes, or of others by name where both have names, keeps its fresh weights; its keys
    are returned, and logged. Any other difference is one InputError that names the keys.
    """
    own = model.state_dict()
    state = resample_to(read_checkpoint(path).state, model)
    names = head_names(path)
    others = names is not None and has_names(classes) and names != tuple(classes)
    fresh = [k for k in own if k.startswith(HEAD) and k in state and (others or state[k].shape != own[k].shape)]
    load_state(model, state | {key: own[key] for key in fresh}, path.name)
    logger.info("starting from the weights of %s", path)
    if fresh:
        logger.warning(
            "the head is initialised anew, it is for other classes than the checkpoint's: %s", ", ".join(fresh)
        )
    return fresh
