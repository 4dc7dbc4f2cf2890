"""Our models are timm's too, once both packages are imported, in whichever order; neither has to be imported for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

TIMM = "timm"
REGISTRY = "vars_core.registry"
"""Importing it registers every model."""


def register_when_imported() -> None:
    """Register our models with timm: now if it is there already, else as soon as somebody imports it."""
    if TIMM in sys.modules:
        import_module(REGISTRY)
    else:
        sys.meta_path.insert(0, _Watch())


class _Watch(MetaPathFinder):
    """Sees timm being imported, once, and has it loaded by a :class:`_ThenRegister`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != TIMM:
            return None
        sys.meta_path.remove(self)
        found = find_spec(TIMM)
        if found is not None and found.loader is not None:
            found.loader = _ThenRegister(found.loader)
        return found


class _ThenRegister(Loader):
    """Loads as ``loader`` does, then imports our registry."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self.loader  # as if nobody had watched
        self.loader.exec_module(module)
        import_module(REGISTRY)
