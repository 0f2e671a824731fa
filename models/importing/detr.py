"""Detectors of the DETR family as their projects export them: labels [1, N], boxes [1, N, 4] and scores [1, N].

Carion et al., "End-to-End Object Detection with Transformers" (arXiv:2005.12872): each query is one thing, so nothing
has to be suppressed. A second input, `orig_target_sizes` [1, 2], says width and height of the picture for which the
boxes are wanted, x1, y1, x2, y2 in its pixels: lyuwenyu/RT-DETR, Peterande/D-FINE and Intellindust-AI-Lab/DEIMv2
(`tools/deployment/export_onnx.py` of each). It is told the input's own size here: the way back is ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.cells import Things
from models.importing import family
from models.importing.family import Answers, Size
from models.importing.look import Look

_BEYOND = 1.5  # of the picture's sides: boxes reach a little over its edge, not farther


class LabelsBoxesScores:
    """Three outputs in any order: the one of fours is boxes, the whole numbers are labels."""

    key, title, usual = "detr", "DETR style (labels, boxes, scores)", 640
    look = Look("rgb", 1.0, "stretch", averaged=True)

    def classes_of(self, answers: Answers, size: Size, known: int | None) -> int | None:
        """As `Family`: shapes do not tell how many classes there are."""
        del size
        return None if _sorted(answers) is None else known or 0

    def agrees(self, answers: Answers, size: Size) -> bool:
        """As `Family`."""
        parts = _sorted(answers)
        if parts is None:
            return False
        labels, boxes, scores = parts
        reach = np.array([size[1], size[0]] * 2) * _BEYOND
        fits = bool(np.isfinite(boxes).all() and (np.abs(boxes) <= reach).all() and np.abs(boxes).max() > 2)
        return (
            fits
            and family.probable(scores)
            and bool((labels >= 0).all())
            and bool((boxes[:, :2] <= boxes[:, 2:] + 1).all())
        )

    def decode(self, answers: Answers, size: Size, classes: int, threshold: float) -> Things:
        """As `Family`."""
        del size, classes
        parts = _sorted(answers)
        if parts is None:
            raise ValueError("these are not labels, boxes and scores")
        labels, boxes, scores = parts
        return family.best_of(boxes, scores, labels, threshold)


def _sorted(answers: Answers) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None:
    """Labels (N,), boxes (N, 4) and scores (N,); None where the answers are others."""
    if len(answers) != 3 or any(one.ndim < 2 or one.shape[0] != 1 for one in answers):
        return None
    boxes = [one[0] for one in answers if one.ndim == 3 and one.shape[2] == 4 and one.dtype.kind == "f"]
    scores = [one[0] for one in answers if one.ndim == 2 and one.dtype.kind == "f"]
    labels = [one[0] for one in answers if one.ndim == 2 and one.dtype.kind in "iu"]
    if not len(boxes) == len(scores) == len(labels) == 1 or not len(boxes[0]) == len(scores[0]) == len(labels[0]) > 0:
        return None
    return labels[0], boxes[0].astype(np.float32), scores[0].astype(np.float32)
