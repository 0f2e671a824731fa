"""Axis-parallel boxes: (N, 4) float32 arrays of x1, y1, x2, y2 in pixels, x1 <= x2 and y1 <= y2. Pure functions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def area(boxes: Floats) -> Floats:
    """(..., 4) -> (...): width times height; a box turned inside out has none."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def intersection(a: Floats, b: Floats) -> Floats:
    """(N, 4), (M, 4) -> (N, M): the area that each box of `a` shares with each of `b`."""
    across = np.minimum.outer(a[:, 2], b[:, 2]) - np.maximum.outer(a[:, 0], b[:, 0])
    down = np.minimum.outer(a[:, 3], b[:, 3]) - np.maximum.outer(a[:, 1], b[:, 1])
    return np.asarray(np.maximum(across, 0) * np.maximum(down, 0), np.float32)  # one side at a time: twice as fast


def iou(a: Floats, b: Floats) -> Floats:
    """(N, 4), (M, 4) -> (N, M): intersection over union, 0..1; 0 where both are empty."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float32)


def containment(a: Floats, b: Floats) -> Floats:
    """(N, 4), (M, 4) -> (N, M): the shared area as a part of the smaller box, 0..1; 1 where one lies in the other."""
    shared = intersection(a, b)
    smaller = np.minimum(area(a)[:, None], area(b)[None, :])
    return np.asarray(np.divide(shared, smaller, out=np.zeros_like(shared), where=smaller > 0), np.float32)


def clip(boxes: Floats, width: float, height: float) -> Floats:
    """The parts of boxes (..., 4) within a picture of `width` x `height`."""
    limits = np.array([width, height, width, height], np.float32)
    return np.clip(boxes, 0, limits).astype(np.float32)


def around(points: Floats) -> Floats:
    """The smallest boxes around (..., K, 2 or more) points, K >= 1 -> (..., 4)."""
    places = points[..., :2]
    return np.concatenate([places.min(axis=-2), places.max(axis=-2)], axis=-1).astype(np.float32)


def centres(boxes: Floats) -> Floats:
    """(..., 4) -> (..., 2)."""
    return np.asarray((boxes[..., :2] + boxes[..., 2:]) / 2, np.float32)


def sizes(boxes: Floats) -> Floats:
    """(..., 4) -> (...): the longer side."""
    return np.asarray((boxes[..., 2:] - boxes[..., :2]).max(axis=-1), np.float32)
