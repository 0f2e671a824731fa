"""What every detector of objects gives, whichever network is behind it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models import boxes
from models.cells import Things

Pixels = NDArray[np.uint8]

NOTHING = Things(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.intp))
LEAST_SIDE = 1.0
"""Pixels: what is narrower once it is cut at the edge of the picture is not in the picture."""


class ObjectDetector(Protocol):
    """Finds objects in pictures. Used by one thread at a time.

    `labels`: the names of its classes, by place. `key`: its network's name. `size`: (height, width) of the network's
    input in pixels. `device`, `precision`, `note`: as those of `models.engine.Engine`.
    """

    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def key(self) -> str: ...
    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def device(self) -> str: ...
    @property
    def precision(self) -> str: ...
    @property
    def note(self) -> str: ...

    def find(self, pixels: Pixels, threshold: float) -> Things:
        """What a picture (H, W, 3) BGR uint8 shows with a score of `threshold` or more, best first.

        Boxes are in pixels of this picture and cut at its edges.
        """
        ...


def within(found: Things, width: float, height: float) -> Things:
    """What was found, its boxes cut at the edges of a picture of `width` x `height`; what lies beyond them is left
    out, and what has a side that is no number."""
    cut = boxes.clip(found.boxes, width, height)
    shown = ((cut[:, 2:] - cut[:, :2]) >= LEAST_SIDE).all(axis=1)
    return Things(cut[shown], found.scores[shown], found.classes[shown])
