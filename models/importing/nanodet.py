"""NanoDet-Plus: [1, cells, classes + 4 * bins], classes after the sigmoid, then how far each side is, as bins.

Li et al., "Generalized Focal Loss" (arXiv:2006.04388), for the bins; strides 8 to 64, a cell's place without half a
cell more, mean and deviation of ImageNet in BGR, the picture stretched by a warp: RangiLyu/nanodet
(`nanodet_plus_head.py`, `transform/warp.py`, its configurations, and `tools/export_onnx.py`).
"""

from __future__ import annotations

import numpy as np

from models import cells as dense
from models.cells import Things
from models.importing import family
from models.importing.family import Answers, Size
from models.importing.look import Look

STRIDES = (8, 16, 32, 64)
BINS = 8
"""A file does not say how many there are, unless somebody tells its classes; these are usual."""


class NanoDetPlus:
    """The one layout of NanoDet-Plus."""

    key, title, usual = "nanodet", "NanoDet-Plus", 416
    look = Look("bgr", 255.0, "stretch", (103.53, 116.28, 123.675), (57.375, 57.12, 58.395), corners=True)

    def classes_of(self, answers: Answers, size: Size, known: int | None) -> int | None:
        """As `Family`."""
        shape = family.single(answers)
        if shape is None or shape[0] != len(family.grid(size, STRIDES)):
            return None
        if known is not None:
            rest = shape[1] - known
            return known if rest >= 8 and rest % 4 == 0 else None
        return shape[1] - 4 * BINS if shape[1] > 4 * BINS else None

    def agrees(self, answers: Answers, size: Size) -> bool:
        """As `Family`: the first of its numbers are probabilities, its bins are not."""
        del size
        rows = family.rows_of(answers)
        return family.probable(rows[:, : max(rows.shape[1] - 4 * BINS, 1)]) and bool(np.isfinite(rows).all())

    def decode(self, answers: Answers, size: Size, classes: int, threshold: float) -> Things:
        """As `Family`."""
        rows, cells = family.rows_of(answers), family.grid(size, STRIDES)
        sides = rows[:, classes:]
        return family.chosen(
            np.ascontiguousarray(rows[:, :classes]),
            lambda of: dense.boxes(sides[of], cells.places[of], cells.strides[of]),
            threshold,
            dense.OVERLAP,
        )
