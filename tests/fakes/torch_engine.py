"""The shipped networks as engines by torch alone: nothing is compiled or cached, so tests start at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from models.catalogue import NETWORKS, Precision
from models.weights import build


class TorchEngine:
    """A network with its real weights, f32 on the CPU. Counts how often it ran."""

    device = "cpu"
    precision: Precision = "f32"
    note = ""

    def __init__(self, key: str) -> None:
        self.network = NETWORKS[key]
        self.runs = 0
        self._module = build(self.network)

    def run(self, pictures: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
        """(N, height, width, 3) BGR -> named outputs."""
        self.runs += 1
        low, high = (np.asarray(level, np.float32) for level in (self.network.low, self.network.high))
        values = pictures[..., ::-1].astype(np.float32) / 255 * (high - low) + low
        with torch.inference_mode():
            found = self._module(torch.from_numpy(np.ascontiguousarray(values.transpose(0, 3, 1, 2))))
        return {name: output.numpy() for name, output in found.items()}
