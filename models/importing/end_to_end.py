"""YOLO that ends with its own choice: [1, N, 6], x1, y1, x2, y2 in pixels of the input, score, class.

Wang et al., "YOLOv10: Real-Time End-to-End Object Detection" (arXiv:2405.14458), and exports of other YOLOs with the
suppression inside (docs.ultralytics.com/modes/export, `nms=True`). Places that hold nothing have a score of 0.
"""

from __future__ import annotations

import numpy as np

from models.cells import Things
from models.importing import family
from models.importing.family import Answers, Size
from models.importing.look import Look

_MOST_ROWS = 2000
_BEYOND = 1.5  # of the input's sides


class EndToEnd:
    """The one layout of six numbers."""

    key, title, usual = "yolo-end-to-end", "YOLO end to end", 640
    look = Look("rgb", 1.0, "letterbox")

    def classes_of(self, answers: Answers, size: Size, known: int | None) -> int | None:
        """As `Family`: shapes do not tell how many classes there are."""
        del size
        shape = family.single(answers)
        return None if shape is None or shape[1] != 6 or shape[0] > _MOST_ROWS else known or 0

    def agrees(self, answers: Answers, size: Size) -> bool:
        """As `Family`."""
        rows = family.rows_of(answers)
        if not len(rows):
            return True  # an empty picture; another one has to say more
        boxes, scores, classes = rows[:, :4], rows[:, 4], rows[:, 5]
        whole = bool((classes == np.rint(classes)).all() and (classes >= 0).all())
        reach = np.array([size[1], size[0]] * 2) * _BEYOND
        fits = bool(np.isfinite(boxes).all() and (np.abs(boxes) <= reach).all())
        return whole and fits and family.probable(scores) and bool((boxes[:, :2] <= boxes[:, 2:] + 1).all())

    def decode(self, answers: Answers, size: Size, classes: int, threshold: float) -> Things:
        """As `Family`."""
        del size, classes
        rows = family.rows_of(answers)
        good = np.isfinite(rows).all(axis=1)
        return family.best_of(rows[good, :4], rows[good, 4], rows[good, 5], threshold)
