"""YOLO's later layouts, boxes decoded by the network itself: middle and size in pixels of the input.

Without objectness, [1, 4 + classes, cells]: YOLOv8 and what follows it. With it and three anchors a cell,
[1, 3 * cells, 5 + classes]: YOLOv5 and YOLOv7; with an objectness that is always 1, [1, cells, 5 + classes]: YOLOv6.
Orders, letterbox (centred, grey 114) and thresholds of suppression as the projects' own documents and exports say:
docs.ultralytics.com (export, predict), ultralytics/yolov5 (`export.py`, `detect.py`), meituan/YOLOv6 (`deploy/ONNX`).
"""

from __future__ import annotations

import numpy as np

from models.cells import Things
from models.importing import family
from models.importing.family import Answers, Floats, Size
from models.importing.look import Look

_LEVELS = ((8, 16, 32), (8, 16, 32, 64))
_ANCHORS = 3
_LOOK = Look("rgb", 1.0, "letterbox")


def _cells(size: Size, count: int, times: int = 1) -> tuple[Floats, Floats] | None:
    """Places (M, 2) and strides (M,) of `count` rows, each cell `times` per level; None: no levels give so many."""
    for strides in _LEVELS:
        if times * len(family.grid(size, strides)) == count:
            levels = [family.grid(size, (stride,)) for stride in strides for _ in range(times)]
            return np.concatenate([one.places for one in levels]), np.concatenate([one.strides for one in levels])
    return None


def _placed(middles: Floats, sides: Floats, size: Size, times: int = 1) -> bool:
    cells = _cells(size, len(middles), times)
    return cells is not None and bool((sides >= 0).all()) and family.around_cells(middles, *cells)


class WithoutObjectness:
    """[1, 4 + classes, cells]."""

    key, title, look, usual = "yolo", "YOLO without objectness (YOLOv8 style)", _LOOK, 640
    overlap = 0.7

    def classes_of(self, answers: Answers, size: Size, known: int | None) -> int | None:
        """As `Family`."""
        shape = family.single(answers)
        if shape is None or shape[0] < 5 or _cells(size, shape[1]) is None:
            return None
        return shape[0] - 4 if known in (None, shape[0] - 4) else None

    def agrees(self, answers: Answers, size: Size) -> bool:
        """As `Family`."""
        rows = family.rows_of(answers).T
        return family.probable(rows[:, 4:]) and _placed(rows[:, :2], rows[:, 2:4], size)

    def decode(self, answers: Answers, size: Size, classes: int, threshold: float) -> Things:
        """As `Family`."""
        del size, classes
        rows = family.rows_of(answers).T
        boxes = rows[:, :4]
        scores = np.ascontiguousarray(rows[:, 4:])
        return family.chosen(scores, lambda of: family.corners(boxes[of, :2], boxes[of, 2:]), threshold, self.overlap)


class WithObjectness:
    """[1, 3 * cells, 5 + classes]: the score of a class is times that of the box."""

    key, title, look, usual = "yolo-anchors", "YOLO with anchors and objectness (YOLOv5 style)", _LOOK, 640
    overlap = 0.6
    times = _ANCHORS

    def classes_of(self, answers: Answers, size: Size, known: int | None) -> int | None:
        """As `Family`."""
        shape = family.single(answers)
        if shape is None or shape[1] < 6 or _cells(size, shape[0], self.times) is None:
            return None
        return shape[1] - 5 if known in (None, shape[1] - 5) else None

    def agrees(self, answers: Answers, size: Size) -> bool:
        """As `Family`."""
        rows = family.rows_of(answers)
        return family.probable(rows[:, 4:]) and _placed(rows[:, :2], rows[:, 2:4], size, self.times)

    def decode(self, answers: Answers, size: Size, classes: int, threshold: float) -> Things:
        """As `Family`."""
        del size, classes
        rows = family.rows_of(answers)
        scores = rows[:, 4:5] * rows[:, 5:]
        return family.chosen(scores, lambda of: family.corners(rows[of, :2], rows[of, 2:4]), threshold, self.overlap)


class WithOne(WithObjectness):
    """[1, cells, 5 + classes], the objectness always 1."""

    key, title = "yolo-one", "YOLO with an objectness of 1 (YOLOv6 style)"
    overlap = 0.65
    times = 1

    def agrees(self, answers: Answers, size: Size) -> bool:
        """As `Family`."""
        return bool((family.rows_of(answers)[:, 4] == 1).all()) and super().agrees(answers, size)
