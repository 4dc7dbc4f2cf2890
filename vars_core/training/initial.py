"""Start from trained weights: the same network, perhaps with another head or at another image size."""

from __future__ import annotations

import logging
from pathlib import Path

from torch import nn

from vars_core.checkpoints import load_state, read_checkpoint
from vars_core.resample import resample_to

logger = logging.getLogger(__name__)

HEAD = ("head.linear.", "head.fc.", "fc.", "classifier.", "head.weight", "head.bias", "model.head.", "model.fc.")
"""How keys of a classifier's last layer begin, here and in timm's models."""


def start_from(model: nn.Module, path: Path) -> list[str]:
    """Load the weights of ``path`` (a run's ``last.pt``: the averaged ones) into ``model``.

    A head of another number of classes keeps its fresh weights; its keys are returned, and logged. Any other
    difference is one InputError that names the keys.
    """
    own = model.state_dict()
    state = resample_to(read_checkpoint(path).state, model)
    fresh = [k for k in own if k.startswith(HEAD) and k in state and state[k].shape != own[k].shape]
    load_state(model, state | {key: own[key] for key in fresh}, path.name)
    logger.info("starting from the weights of %s", path)
    if fresh:
        logger.warning("the head is initialised anew, its shape differs from the checkpoint's: %s", ", ".join(fresh))
    return fresh
