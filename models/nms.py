"""Non-maximum suppression: of many boxes on one thing, one is kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models import boxes as geometry

Floats = NDArray[np.float32]
Integers = NDArray[np.integer]

BLOCK = 100
"""How many boxes are compared at once: what is compared with all before it grows with the square."""


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


def suppress_by_key(
    boxes: Floats, scores: Floats, keys: Integers, iou: float, most: int | None = None
) -> NDArray[np.intp]:
    """Indices of the boxes (N, 4) that stay, best score first: `suppress` among those of one key, for all keys at once.

    `keys`: (N,) integers; boxes of different keys never suppress each other: classes, or picture * classes + class for
    several pictures. `most`: no more than that many, the best. The keys are compared as they are: to move the boxes of
    each class far away instead costs the digits that tell boxes apart. Boxes are looked at a block at a time, best
    first, and no further than needed: what stays of the best does not depend on weaker ones, so the answer is that of
    comparing all.
    """
    wanted = len(scores) if most is None else min(most, len(scores))
    kept = np.zeros(0, np.intp)
    for block in _best_first(scores):
        if len(kept) >= wanted:
            break
        new = block[~_overlapped(boxes, keys, kept, block, iou).any(axis=0)]
        # Whether a box stays hangs on better ones alone: each round settles at least the best that was not settled.
        rivals = np.triu(_overlapped(boxes, keys, new, new, iou), 1)
        stays = np.ones(len(new), bool)
        while True:
            settled = np.logical_not(np.any(rivals[stays], axis=0))
            if np.array_equal(settled, stays):
                break
            stays = settled
        kept = np.concatenate([kept, new[stays]])
    return kept[:wanted]


def best(scores: Floats, count: int) -> NDArray[np.intp]:
    """Indices of the `count` best scores (N,), in their order; with them all that equal the last of these."""
    if count >= len(scores):
        return np.arange(len(scores))
    return np.flatnonzero(scores >= np.partition(scores, -count)[-count])


def _best_first(scores: Floats) -> Iterator[NDArray[np.intp]]:
    """Blocks of indices, best score first, of equals the earlier one; the best are had without sorting all."""
    first = best(scores, BLOCK)
    rest = np.setdiff1d(np.arange(len(scores)), first, assume_unique=True)
    for part in (first, rest):
        order = part[np.argsort(-scores[part], kind="stable")]
        yield from (order[start : start + BLOCK] for start in range(0, len(order), BLOCK))


def _overlapped(
    boxes: Floats, keys: Integers, first: NDArray[np.intp], second: NDArray[np.intp], iou: float
) -> NDArray[np.bool_]:
    """(first, second): whether the two are of one key and overlap by more than `iou`."""
    return np.asarray((geometry.iou(boxes[first], boxes[second]) > iou) & (keys[first][:, None] == keys[second]), bool)


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
