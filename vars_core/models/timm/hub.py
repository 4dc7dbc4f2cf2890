"""Weights that timm fetches from where their authors put them: only where somebody asks for it by the word "hub"."""

from __future__ import annotations

import hashlib

import timm

from vars_core.errors import InputError, first_line
from vars_core.image_size import ImageSize
from vars_core.models.timm.model import TimmModel
from vars_core.spec import ModelSpec


def from_hub(spec: ModelSpec, num_classes: int | None, image_size: ImageSize | None) -> TimmModel:
    """``timm/<name>`` with published weights; its hash is that of the weights themselves, for there is no file.

    ``num_classes`` None: as published. Raises InputError for a model that is none of timm's, that has no published
    weights, or where they cannot be fetched.
    """
    if not spec.is_timm:
        raise InputError(f"the hub has weights of timm's models, as timm/<name>, got {spec}")
    configuration = timm.models.get_pretrained_cfg(spec.mixer) if timm.is_model(spec.mixer) else None
    classes = num_classes if num_classes is not None else getattr(configuration, "num_classes", 1000)
    try:
        model = TimmModel(spec, classes, image_size, pretrained=True)
    except InputError:
        raise
    except Exception as error:  # a network fails in as many ways as there are libraries between it and timm
        why = first_line(error)
        raise InputError(
            f"the weights of {spec} cannot be fetched: there is no network, or none are published ({why})"
        ) from None
    digest = hashlib.sha256()
    for name, value in model.model.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    model.checkpoint_hash = digest.hexdigest()
    return model
