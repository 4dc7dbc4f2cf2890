"""What several corruption tests are given."""

from __future__ import annotations

import numpy as np
import pytest

from .made import made_photograph


@pytest.fixture(scope="session")
def photograph() -> np.ndarray:
    """uint8 (224, 224, 3), read-only."""
    picture = made_photograph(224, 224)
    picture.flags.writeable = False
    return picture
