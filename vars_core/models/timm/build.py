"""A timm architecture by its name, for an input size, without weights from anywhere."""

from __future__ import annotations

from typing import Any

import timm
import torch

from vars_core.errors import InputError, first_line, nearest
from vars_core.image_size import ImageSize, height_and_width, size_text
from vars_core.spec import model_names


def check_name(name: str) -> None:
    """Raise InputError unless ``name`` is "<architecture>" or "<architecture>.<tag>" of timm's own."""
    own = {spec.replace("/", "_"): spec for spec in model_names()}
    if name in own:
        raise InputError(f"timm/{name} is this project's own model: ask for {own[name]!r}")
    if not timm.is_model(name):
        known = [known for known in timm.list_models() if known not in own]
        raise InputError(f"timm has no model {name!r}; nearest: {nearest(name, known)}")
    _, _, tag = name.partition(".")
    if tag and not timm.models.is_model_pretrained(name):
        architecture = name.partition(".")[0]
        tags = [known.partition(".")[2] for known in timm.list_pretrained(f"{architecture}.*")]
        raise InputError(f"timm knows no weights {tag!r} of {architecture}; nearest: {nearest(tag, tags)}")


def build(
    name: str,
    num_classes: int,
    image_size: ImageSize | None,
    *,
    drop_path: float = 0.0,
    device: str | None = None,
    pretrained: bool = False,
) -> Any:  # timm's models share attributes that no common type declares
    """The model with fresh weights, or those that timm downloads where ``pretrained``.

    ``image_size`` None: the architecture's own. ``num_classes`` 0: without a classifier. Raises InputError for an
    unknown name and for a size that the architecture cannot take.
    """
    check_name(name)
    options: dict[str, Any] = {"num_classes": num_classes, "pretrained": pretrained}
    if drop_path:
        options["drop_path_rate"] = drop_path
    sized = options | ({} if image_size is None else {"img_size": image_size})
    try:
        with torch.device(device or "cpu"):
            try:
                model = timm.create_model(name, **sized)
            except TypeError:  # most CNNs take any size and know no img_size
                model = timm.create_model(name, **options)
    except (AssertionError, RuntimeError, ValueError, TypeError) as error:
        size = "its own size" if image_size is None else f"{size_text(image_size)} pixels"
        raise InputError(f"timm cannot build {name} for {size}: {first_line(error)}") from None
    _check_patches(model, name, image_size)
    for module in model.modules():
        if hasattr(module, "dual_lambda"):  # differential attention: not fused, its matrix is made in one piece
            module.__dict__["fused_attn"] = False
    return model


def _check_patches(model: Any, name: str, image_size: ImageSize | None) -> None:
    """A size that is no whole number of patches would leave a margin that no token sees."""
    patch = getattr(getattr(model, "patch_embed", None), "patch_size", None)
    if image_size is None or not isinstance(patch, tuple) or not hasattr(model.patch_embed, "grid_size"):
        return
    if any(side % step for side, step in zip(height_and_width(image_size), patch, strict=True)):
        raise InputError(
            f"{name} reads patches of {patch[1]}×{patch[0]} pixels: expected an image size that is a multiple of them, "
            f"got {size_text(image_size)}"
        )
