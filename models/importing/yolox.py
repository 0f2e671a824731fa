"""YOLOX: [1, cells, 5 + classes], middle, size, objectness and classes, the last two after the sigmoid.

Ge et al., "YOLOX: Exceeding YOLO Series in 2021" (arXiv:2107.08430), section 2; the order of numbers and the steps are
those of Megvii-BaseDetection/YOLOX (`export_onnx.py`, with and without `--decode_in_inference`, and `demo_utils.py`).
"""

from __future__ import annotations

import numpy as np

from models.cells import Things
from models.importing import family
from models.importing.family import Answers, Floats, Size
from models.importing.look import Look

STRIDES = (8, 16, 32)
OVERLAP = 0.65
"""Suppression as in YOLOX's own evaluation."""
_LOOK = Look("bgr", 255.0, "corner")


def _classes_of(answers: Answers, size: Size, known: int | None) -> int | None:
    shape = family.single(answers)
    if shape is None or shape[0] != len(family.grid(size, STRIDES)) or shape[1] < 6:
        return None
    return shape[1] - 5 if known in (None, shape[1] - 5) else None


def _things(rows: Floats, middles: Floats, sides: Floats, threshold: float) -> Things:
    """Each cell speaks for its best class alone, as in YOLOX's own `postprocess`."""
    best = rows[:, 5:].argmax(axis=1)
    scores = np.zeros_like(rows[:, 5:])
    cells = np.arange(len(rows))
    scores[cells, best] = rows[:, 4] * rows[cells, 5 + best]
    return family.chosen(scores, lambda of: family.corners(middles[of], sides[of]), threshold, OVERLAP)


class Raw:
    """Middles are counted from the cell and in its stride, sides are logarithms of strides."""

    key, title, look, usual = "yolox-raw", "YOLOX, cells not decoded", _LOOK, 640

    def classes_of(self, answers: Answers, size: Size, known: int | None) -> int | None:
        """As `Family`."""
        return _classes_of(answers, size, known)

    def agrees(self, answers: Answers, size: Size) -> bool:
        """As `Family`: no decoded box of a picture is less than a few pixels wide everywhere."""
        del size
        rows = family.rows_of(answers)
        near = np.abs(rows[:, :4])
        small = bool(np.isfinite(near).all() and np.median(near) < 8 and near.max() < 64)
        return small and family.probable(rows[:, 4:])

    def decode(self, answers: Answers, size: Size, classes: int, threshold: float) -> Things:
        """As `Family`."""
        del classes
        rows, cells = family.rows_of(answers), family.grid(size, STRIDES)
        middles = rows[:, :2] * cells.strides[:, None] + cells.places
        return _things(rows, middles, family.grown(rows[:, 2:4]) * cells.strides[:, None], threshold)


class Decoded:
    """Middles and sides are in pixels of the input."""

    key, title, look, usual = "yolox", "YOLOX", _LOOK, 640

    def classes_of(self, answers: Answers, size: Size, known: int | None) -> int | None:
        """As `Family`."""
        return _classes_of(answers, size, known)

    def agrees(self, answers: Answers, size: Size) -> bool:
        """As `Family`."""
        rows, cells = family.rows_of(answers), family.grid(size, STRIDES)
        placed = family.around_cells(rows[:, :2], cells.places, cells.strides)
        return placed and bool((rows[:, 2:4] >= 0).all()) and family.probable(rows[:, 4:])

    def decode(self, answers: Answers, size: Size, classes: int, threshold: float) -> Things:
        """As `Family`."""
        del size, classes
        rows = family.rows_of(answers)
        return _things(rows, rows[:, :2], rows[:, 2:4], threshold)
