"""timm's architectures as models of this project: built, looked into, traced, loaded."""

from vars_core.models.timm.infer import infer_architecture
from vars_core.models.timm.model import TimmModel, stored_classes
