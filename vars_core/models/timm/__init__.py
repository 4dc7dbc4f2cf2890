"""timm's architectures as models of this project: built, looked into, traced."""

from vars_core.models.timm.model import TimmModel

__all__ = ["TimmModel"]
