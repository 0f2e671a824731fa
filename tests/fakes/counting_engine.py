"""The compiled networks that users run, which also count how often they ran."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.catalogue import Network, Precision
from models.engine import Engine


class CountingEngine:
    """An engine and how often it ran."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.runs = 0

    @property
    def network(self) -> Network:
        """Which network."""
        return self._engine.network

    @property
    def device(self) -> str:
        """Where it runs."""
        return self._engine.device

    @property
    def precision(self) -> Precision:
        """The numbers that it calculates with."""
        return self._engine.precision

    @property
    def note(self) -> str:
        """Why another device is used, or ""."""
        return self._engine.note

    def run(self, pictures: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
        """(N, height, width, 3) BGR -> named outputs."""
        self.runs += 1
        return self._engine.run(pictures)
