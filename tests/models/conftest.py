"""The real networks, loaded once for all tests of what is seen."""

from __future__ import annotations

import pytest
from torch_engine import TorchEngine


@pytest.fixture(scope="session")
def engines() -> dict[str, TorchEngine]:
    """Every network of the analyzer by its key."""
    keys = ("face-detector-full", "face-mesh", "body-detector", "body-landmarks", "body-mask")
    return {key: TorchEngine(key) for key in keys}
