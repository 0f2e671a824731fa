"""Onlooker's own design: `scores` [1, cells, classes] and `sides` [1, cells, 4 * bins], logits, as `models.detector`
gives them: what `onlooker train` writes, for a user's own classes too.
"""

from __future__ import annotations

import numpy as np

from models import cells as dense
from models.cells import BINS, Things
from models.importing.family import Answers, Size
from models.importing.look import Look


class OwnDesign:
    """The one layout of our detectors. Classes are told by its first output's width."""

    key, title, usual = "onlooker", "Onlooker's own design", 320
    look = Look("rgb", 255.0, "stretch", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375), averaged=True)

    def classes_of(self, answers: Answers, size: Size, known: int | None) -> int | None:
        """As `Family`."""
        if len(answers) != 2 or any(one.dtype.kind != "f" or one.ndim != 3 for one in answers):
            return None
        scores, sides = (one.shape for one in answers)
        cells = len(dense.grid(*size).places)
        if scores[:2] != (1, cells) or sides != (1, cells, 4 * BINS):
            return None
        return int(scores[2]) if known in (None, scores[2]) else None

    def agrees(self, answers: Answers, size: Size) -> bool:
        """As `Family`: its numbers are logits, of which there is little to say."""
        del size
        return all(bool(np.isfinite(one).all()) for one in answers)

    def decode(self, answers: Answers, size: Size, classes: int, threshold: float) -> Things:
        """As `Family`."""
        del classes
        scores, sides = (np.asarray(one[0], np.float32) for one in answers)
        return dense.things(scores, sides, dense.grid(*size), threshold)
