"""Our models are timm's too, once both packages are imported, in whichever order; neither has to be imported for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from vars_core.errors import InputError
from vars_core.spec import model_names

if TYPE_CHECKING:
    from vars_core.models.base import VisionModel

TIMM = "timm"


def register_when_imported() -> None:
    """Register our models with timm: now if it is there already, else as soon as somebody imports it."""
    if TIMM in sys.modules:
        register()
    else:
        sys.meta_path.insert(0, _Watch())


def register() -> None:
    """Register every model with timm, "rvt_tiny/vars_d" as ``rvt_tiny_vars_d``."""
    from timm.models import register_model

    for name in model_names():
        entry = timm_entry(name)
        if not hasattr(sys.modules[__name__], entry.__name__):
            setattr(sys.modules[__name__], entry.__name__, register_model(entry))


def timm_entry(name: str) -> Callable[..., VisionModel]:
    """What ``timm.create_model`` calls: timm's own argument names, translated."""

    def entry(pretrained: bool = False, **kwargs: Any) -> VisionModel:
        from vars_core.registry import create_model

        if pretrained:
            raise InputError(f"{name} has no pretrained weights in timm: use vars_core.load_checkpoint")
        ours = {"img_size": "image_size", "drop_path_rate": "drop_path"}
        ignored = ("pretrained_cfg", "pretrained_cfg_overlay", "cache_dir")
        arguments = {ours.get(key, key): value for key, value in kwargs.items() if key not in ignored}
        return create_model(name, **arguments)

    entry.__name__ = name.replace("/", "_")
    entry.__module__ = __name__
    return entry


class _Watch(MetaPathFinder):
    """Sees timm being imported, once, and has it loaded by a `_ThenRegister`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != TIMM:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(TIMM)
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenRegister(spec.loader)
        return spec


class _ThenRegister(Loader):
    """Loads as ``loader`` does, then registers our models."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self.loader  # as if nobody had watched
        self.loader.exec_module(module)
        register()
