"""What the dense heads' raw numbers mean: where each cell is, and the boxes and classes found there. Pure numpy.

A cell's place is (column, row) times its stride, without half a cell more: every convolution that halves a map is
centred on each second cell, so that is the middle of what the trunk sees there (`models.receptive` computes it).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models import nms
from models.decoding import sigmoid

Floats = NDArray[np.float32]

STRIDES = (8, 16, 32, 64)
BINS = 8
OVERLAP = 0.6
"""Boxes of one class that overlap more than this are of one thing (NanoDet-Plus)."""
MOST = 100
"""As many things as COCO's measure looks at."""
FEW = 600
"""So many candidates are looked at first: at a low threshold there are tens of thousands."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The M cells of all levels, finest level first, row by row; read-only, since calls share it.

    `places`: (M, 2) x, y in pixels of the input. `strides`: (M,) pixels from one cell to the next.
    """

    places: Floats
    strides: Floats

    def __len__(self) -> int:
        return len(self.strides)


@dataclass(frozen=True, slots=True, eq=False)
class Things:
    """What was found in one picture, best first: `boxes` (N, 4) x1, y1, x2, y2 in pixels of the input (not cut at its
    edges), `scores` (N,) in 0..1, `classes` (N,) places in the list of classes."""

    boxes: Floats
    scores: Floats
    classes: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.scores)


@lru_cache(maxsize=32)
def grid(height: int, width: int, strides: Sequence[int] = STRIDES) -> Grid:
    """The cells for an input of `height` x `width` pixels; levels that do not divide it round up."""
    places, steps = [], []
    for stride in strides:
        rows, columns = np.mgrid[: math.ceil(height / stride), : math.ceil(width / stride)]
        places.append(np.stack([columns.ravel(), rows.ravel()], 1) * stride)
        steps.append(np.full(rows.size, stride))
    made = Grid(np.concatenate(places).astype(np.float32), np.concatenate(steps).astype(np.float32))
    made.places.setflags(write=False)
    made.strides.setflags(write=False)
    return made


def distances(sides: Floats) -> Floats:
    """(..., 4 * bins) logits -> (..., 4): how far left, top, right and bottom are, in strides, 0 .. bins - 1.

    The expectation of the softmax over the bins: "Generalized Focal Loss" (arXiv:2006.04388), equation 4.
    """
    bins = sides.shape[-1] // 4
    logits = sides.reshape(*sides.shape[:-1], 4, bins)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    mean = weights @ np.arange(bins, dtype=np.float32) / weights.sum(axis=-1)
    return np.asarray(mean, np.float32)


def boxes(sides: Floats, places: Floats, strides: Floats) -> Floats:
    """(..., M, 4 * bins) logits of cells at `places` (M, 2) with `strides` (M,) -> (..., M, 4) x1, y1, x2, y2."""
    reach = distances(sides) * strides[:, None]
    return np.concatenate([places - reach[..., :2], places + reach[..., 2:]], axis=-1).astype(np.float32)


def things(
    scores: Floats, sides: Floats, cells: Grid, threshold: float, *, overlap: float = OVERLAP, most: int = MOST
) -> Things:
    """What one picture shows: `scores` (M, classes) and `sides` (M, 4 * bins) logits, as `Detector` gives them.

    Every class of every cell whose score is `threshold` or more is a candidate; of those of one class that overlap by
    more than `overlap` the best stays; no more than `most`. Scores that are no numbers are none.
    """
    held = min(max(threshold, 1e-12), 1 - 1e-12)
    logits = scores.ravel().astype(np.float32, copy=False)
    candidates = np.flatnonzero(logits >= math.log(held / (1 - held)))
    few = FEW
    while True:
        # Weaker candidates change nothing of what stays of the best: more are looked at only if too few of them stay.
        some = candidates[nms.best(logits[candidates], few)]
        of, classes = np.divmod(some, scores.shape[1])
        found = boxes(sides[of].astype(np.float32, copy=False), cells.places[of], cells.strides[of])
        kept = nms.suppress_by_key(found, logits[some], classes, overlap, most)
        if len(kept) >= most or len(some) == len(candidates):
            return Things(found[kept], sigmoid(logits[some[kept]]), classes[kept])
        few *= 4
