"""Non-maximum suppression: of many boxes on one thing, one is kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models import boxes as geometry

Floats = NDArray[np.float32]


def suppress(boxes: Floats, scores: Floats, iou: float) -> NDArray[np.intp]:
    """Indices of the boxes (N, 4) that stay, best score first.

    The best box stays, those that overlap it by more than `iou` go, and so on with what is left. Equal scores: the
    earlier one first.
    """
    order = np.argsort(-scores, kind="stable")
    overlaps = geometry.iou(boxes[order], boxes[order])
    waiting = np.ones(len(order), bool)
    kept = []
    for place in range(len(order)):
        if waiting[place]:
            kept.append(place)
            waiting &= overlaps[place] <= iou
            waiting[place] = False
    return order[np.array(kept, np.intp)]


def suppress_weighted(boxes: Floats, points: Floats, scores: Floats, iou: float) -> tuple[Floats, Floats, Floats]:
    """Boxes (N, 4) and points (N, K, 2) of the things that stay, each the mean of all that overlap it; and scores (N,).

    Instead of dropping the weaker boxes it averages them into the best one, weighted by score, which steadies boxes
    from frame to frame: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019),
    section 3.4 "Post-processing"; `iou` is 0.3 in MediaPipe (NonMaxSuppressionCalculator, WEIGHTED). The score that
    is given back is the best one's own. Best score first.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, points, scores = boxes[order], points[order], scores[order]
    overlaps = geometry.iou(boxes, boxes)
    np.fill_diagonal(overlaps, 1.0)
    waiting = np.ones(len(scores), bool)
    kept: list[int] = []
    shares: list[Floats] = []
    for place in range(len(scores)):
        if waiting[place]:
            group = waiting & (overlaps[place] > iou)
            waiting &= ~group
            kept.append(place)
            weights = np.where(group, scores, np.float32(0))
            shares.append(weights / weights.sum())
    if not kept:
        return boxes, points, scores
    mixture = np.stack(shares)  # (kept, N)
    return (
        (mixture @ boxes).astype(np.float32),
        np.einsum("mn,nkc->mkc", mixture, points).astype(np.float32),
        scores[kept],
    )
