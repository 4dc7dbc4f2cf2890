"""Which weights a model gets: those of a file, or those that come with the project."""

from __future__ import annotations

from pathlib import Path

import torch

from vars_core.checkpoints import FORMER_NANO, Checkpoint, is_former_nano, load_state, read_checkpoint
from vars_core.embedded import embedded_weights
from vars_core.errors import InputError
from vars_core.grid_bound import grid_bound_keys
from vars_core.image_size import ImageSize
from vars_core.models.base import VisionModel
from vars_core.registry import create_model
from vars_core.solver import Ista
from vars_core.spec import HUB, ModelSpec, model_names, parse_spec

# What is timm's is imported where it is needed: it takes longer than torch.

HEAD = ("head.linear.weight", "head.linear.bias")
"""The classifier of every backbone."""


def load_model(
    spec: str | None = None,
    checkpoint: str | Path | None = None,
    *,
    num_steps: int = 3,
    solver: str | None = None,
    lam: float | None = None,
    image_size: ImageSize | None = None,
    num_classes: int | None = None,
) -> VisionModel:
    """A model in evaluation mode with the weights of ``checkpoint``, or else the embedded ones, or else fresh ones.

    ``spec`` None: read off the checkpoint's keys. ``num_classes`` None: the checkpoint's, or 1000; weights of a timm
    model without a classifier give pooled features for logits (0 classes). ``checkpoint`` "hub": of a timm model the
    weights that its authors published, fetched now.
    ``model.checkpoint_hash`` is the file's SHA-256, None for fresh weights: nothing untrained passes for trained.
    """
    if checkpoint == HUB:
        from vars_core.models.timm.hub import from_hub

        return from_hub(parse_spec(str(spec)), num_classes, image_size).eval()
    path = Path(checkpoint) if checkpoint is not None else embedded_weights(str(spec))
    stored = read_checkpoint(path) if path is not None else None
    if spec is not None:
        parsed = parse_spec(spec)
    elif stored is not None:
        parsed = infer_spec(stored)
    else:
        raise InputError("expected a model spec, a checkpoint, or both; got neither")
    if num_classes is None:
        classes = stored_classes(stored, parsed) if stored is not None else None
        num_classes = 1000 if classes is None else classes
    model = create_model(
        parsed,
        num_classes=num_classes,
        num_steps=num_steps,
        solver=solver,
        lam=lam,
        image_size=image_size,
    )
    if stored is not None and path is not None:
        load_state(model, _without_learned_solver(stored.state, model), path.name)
        model.checkpoint_hash = stored.sha256
    return model.eval()


def stored_classes(checkpoint: Checkpoint, spec: ModelSpec) -> int | None:
    """The number of classes of a checkpoint's head, None where a model of this project finds none."""
    if spec.is_timm:
        from vars_core.models.timm import stored_classes as timm_classes

        return timm_classes(spec.mixer, checkpoint.state)
    weight = checkpoint.state.get(HEAD[0])
    return None if weight is None else weight.shape[0]


def infer_spec(checkpoint: Checkpoint) -> ModelSpec:
    """The one model whose keys, and whose shapes apart from head and grid, are the checkpoint's (SPEC §3).

    Raises InputError where there is none, or several that want other pixels: the sentence names them.
    """
    for name in model_names():
        with torch.device("meta"):
            model = create_model(name)
        if _same_network(checkpoint.state, model):
            return parse_spec(name)
    if is_former_nano(checkpoint.state):
        raise InputError(FORMER_NANO)
    from vars_core.models.timm import infer_architecture

    return ModelSpec("timm", infer_architecture(checkpoint.state))


def _same_network(stored: dict[str, torch.Tensor], model: VisionModel) -> bool:
    expected = model.state_dict()
    required = {key for key in expected if not key.endswith("num_batches_tracked")}
    if not required <= stored.keys() or not stored.keys() <= expected.keys():
        return False
    free = {*HEAD, *grid_bound_keys(model)}  # the number of classes and the grid may differ
    return all(
        stored[key].shape == expected[key].shape or (key in free and stored[key].ndim == expected[key].ndim)
        for key in required
    )


def _without_learned_solver(state: dict[str, torch.Tensor], model: VisionModel) -> dict[str, torch.Tensor]:
    """The paper's solver has nothing to learn: what a LISTA checkpoint learned of its solver is left out."""
    nothing_learned = tuple(f"{name}." for name, module in model.named_modules() if isinstance(module, Ista))
    return {key: value for key, value in state.items() if not key.startswith(nothing_learned)}
