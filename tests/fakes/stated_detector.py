"""A detector of objects that sees what the test states: the analyzer's work with boxes is judged, not a network's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.cells import Things
from models.classes import COCO

Statement = tuple[list[float], float, str]
"""A box x1, y1, x2, y2, a score and a class."""


class StatedDetector:
    """`seen` is what it sees from now on; `thresholds` those that it was asked with."""

    key, device, precision, note = "stated", "cpu", "f32", ""

    def __init__(self, *seen: Statement, labels: tuple[str, ...] = COCO, size: int = 416) -> None:
        self.labels, self.size = labels, (size, size)
        self.seen = list(seen)
        self.thresholds: list[float] = []

    def find(self, pixels: NDArray[np.uint8], threshold: float) -> Things:
        """What was stated, down to a threshold, best first."""
        del pixels
        self.thresholds.append(threshold)
        found = sorted((one for one in self.seen if one[1] >= threshold), key=lambda one: -one[1])
        return Things(
            np.array([box for box, _, _ in found], np.float32).reshape(-1, 4),
            np.array([score for _, score, _ in found], np.float32),
            np.array([self.labels.index(label) for _, _, label in found], np.intp),
        )
