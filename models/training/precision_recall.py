"""Precision, recall and the area under their curve, of detections that were judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.training.coco_measure import RECALLS
from models.training.judging import Doubles, Judged

Steps = Callable[[Doubles], Doubles]


def sampled(recall: Doubles) -> Doubles:
    """COCO's average: precision at 101 recalls. The share of these that is reached with each recall."""
    return np.asarray(np.searchsorted(RECALLS, recall, side="right") / len(RECALLS), np.float64)


def whole(recall: Doubles) -> Doubles:
    """VOC's average since 2010: the whole area under the curve."""
    return recall


def areas(judged: Judged, steps: Steps, weights: NDArray[np.integer] | None = None) -> Doubles:
    """(draws, overlaps, classes) average precision; no number where a class has nothing to be found.

    `weights`: (draws, pictures) how often each picture counts; None: one draw, each once. Precision at a recall is the
    best one at this or any higher recall, so that only the places of hits matter.
    """
    if weights is None:
        weights = np.ones((1, len(judged.objects)), np.intp)
    overlaps, classes = len(judged.hits), judged.objects.shape[1]
    objects = (weights @ judged.objects).astype(np.float64)
    found = np.full((len(weights), overlaps, classes), np.nan)
    for place in range(classes):
        if not judged.objects[:, place].any():
            continue
        part = judged.of_class(place)
        weight = weights[:, judged.pictures[part]]
        seen = np.cumsum(weight, axis=1)
        for overlap in range(overlaps):
            ignored = judged.ignored[overlap, part]
            counted = np.cumsum(weight * ~ignored, axis=1) if ignored.any() else seen
            at = np.flatnonzero(judged.hits[overlap, part])
            found[:, overlap, place] = _area(np.cumsum(weight[:, at], axis=1), counted[:, at], objects[:, place], steps)
    return found


def _area(right: NDArray[np.integer], counted: NDArray[np.integer], objects: Doubles, steps: Steps) -> Doubles:
    """(draws,): `right`, `counted` (draws, hits) up to each hit, best score first; `objects` (draws,)."""
    if not right.shape[1]:
        return np.where(objects > 0, 0.0, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = right / objects[:, None]
    precision = right / np.maximum(counted, 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    widths = np.diff(steps(recall), axis=1, prepend=0.0)
    return np.where(objects > 0, (best * widths).sum(axis=1), np.nan)


def curve(judged: Judged, overlap: int) -> Doubles:
    """(101,) precision at each of COCO's recalls, the mean over all classes that have anything to be found; `overlap`:
    the place of one of those that were judged."""
    objects = judged.objects.sum(axis=0)
    curves = []
    for place in np.flatnonzero(objects):
        part = judged.of_class(int(place))
        hits = judged.hits[overlap, part]
        right = np.cumsum(hits)[hits]
        counted = np.cumsum(~judged.ignored[overlap, part])[hits]
        best = np.maximum.accumulate((right / counted)[::-1])[::-1]
        reached = np.searchsorted(right / objects[place], RECALLS, side="left")
        curves.append(np.append(best, 0.0)[np.minimum(reached, len(best))])
    return np.asarray(np.mean(curves, axis=0) if curves else np.zeros(len(RECALLS)), np.float64)


@dataclass(frozen=True, slots=True)
class Operation:
    """What a threshold of the score gives: `precision`, `recall` in 0..1, `false_boxes` a picture. Precision is 1 where
    nothing is found, recall 0 where there is nothing to be found."""

    threshold: float
    precision: float
    recall: float
    false_boxes: float


def operation(judged: Judged, threshold: float, *, overlap: int = 0, of: int | None = None) -> Operation:
    """All classes together, or the one at the place `of`, at one overlap."""
    part = slice(None) if of is None else judged.of_class(of)
    objects = int((judged.objects if of is None else judged.objects[:, of]).sum())
    shown = judged.scores[part] >= threshold
    right = int((shown & judged.hits[overlap, part]).sum())
    wrong = int((shown & ~judged.hits[overlap, part] & ~judged.ignored[overlap, part]).sum())
    return Operation(
        threshold=threshold,
        precision=right / (right + wrong) if right + wrong else 1.0,
        recall=right / objects if objects else 0.0,
        false_boxes=wrong / max(1, len(judged.objects)),
    )
