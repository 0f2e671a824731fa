"""What a family of layouts has to say, and what all of them share: cells, candidates, suppression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models import cells, nms
from models.cells import Grid, Things
from models.importing.look import Look

Floats = NDArray[np.float32]
Answers = Sequence[NDArray[Any]]
"""The arrays that a network gives for one picture, in the order of its outputs, with the batch of 1 in front."""
Size = tuple[int, int]

MOST = 100
_FEW = 600
_SLACK = 1e-3  # a probability of half precision may be a little more than 1
_FAR = 3.0  # strides: a cell speaks for things around it; of half of the cells no box is farther off than that
_LARGEST_LOGARITHM = 12.0


class Family(Protocol):
    """One layout of outputs. `key`: as `--layout` and files name it. `title`: for people. `look`: how such networks
    usually want their pictures. `usual`: side of the input where it is free.

    `classes_of`: how many classes answers of these shapes speak of, 0 where shapes do not tell; None: not this layout.
    `agrees`: whether the numbers are such answers as well. `decode`: the things of one picture, in pixels of the input.
    `known`: how many classes there are, where somebody told, else None.
    """

    key: str
    title: str
    look: Look
    usual: int

    def classes_of(self, answers: Answers, size: Size, known: int | None) -> int | None: ...
    def agrees(self, answers: Answers, size: Size) -> bool: ...
    def decode(self, answers: Answers, size: Size, classes: int, threshold: float) -> Things: ...


def single(answers: Answers) -> tuple[int, int] | None:
    """(A, B) of one output [1, A, B] of floats; None where there are others."""
    if len(answers) != 1 or answers[0].dtype.kind != "f":
        return None
    shape = answers[0].shape
    return (int(shape[1]), int(shape[2])) if len(shape) == 3 and shape[0] == 1 else None


def rows_of(answers: Answers) -> Floats:
    """The rows (A, B) of the one output."""
    return np.asarray(answers[0][0], np.float32)


def grid(size: Size, strides: tuple[int, ...]) -> Grid:
    """The cells of an input, finest level first, row by row."""
    return cells.grid(*size, strides)


def probable(values: NDArray[Any]) -> bool:
    """Whether these are probabilities."""
    return bool(values.size) and bool(
        np.isfinite(values).all() and values.min() >= -_SLACK and values.max() <= 1 + _SLACK
    )


def around_cells(middles: Floats, places: Floats, strides: Floats) -> bool:
    """Whether middles (M, 2) of boxes lie about their cells (M, 2) of `strides` (M,): half of them a few strides off at
    most."""
    if not np.isfinite(middles).all():
        return False
    own = np.abs(middles - places - strides[:, None] / 2).max(axis=1) / strides
    return bool(np.median(own) < _FAR)


def corners(middles: Floats, sides: Floats) -> Floats:
    """Middles (..., 2) and widths and heights (..., 2) -> (..., 4) x1, y1, x2, y2."""
    return np.concatenate([middles - sides / 2, middles + sides / 2], axis=-1).astype(np.float32)


def grown(logarithms: Floats) -> Floats:
    """e to the power of numbers that a foreign network gave: bounded, so that none overflows."""
    return np.exp(np.minimum(logarithms, _LARGEST_LOGARITHM)).astype(np.float32)


def chosen(scores: Floats, boxes: Callable[[NDArray[np.intp]], Floats], threshold: float, overlap: float) -> Things:
    """The things among M candidates: `scores` (M, classes), `boxes` gives those of some rows, (K,) -> (K, 4).

    Each class of each row with `threshold` or more is one; of those of one class that overlap by more than `overlap`
    the best stays, MOST at most. Weaker ones are looked at only where too few of the best stay.
    """
    flat = scores.ravel()
    candidates = np.flatnonzero(flat >= max(threshold, 1e-6))
    few = _FEW
    while True:
        some = candidates[nms.best(flat[candidates], few)]
        of, classes = np.divmod(some, max(scores.shape[1], 1))
        found = boxes(of)
        kept = nms.suppress_by_key(found, flat[some], classes, overlap, MOST)
        if len(kept) >= MOST or len(some) == len(candidates):
            return Things(found[kept], np.clip(flat[some[kept]], 0, 1), classes[kept].astype(np.intp))
        few *= 4


def best_of(boxes: Floats, scores: Floats, classes: NDArray[Any], threshold: float) -> Things:
    """Things that need no suppression: those of `threshold` or more, best first, MOST at most."""
    good = np.flatnonzero(scores >= max(threshold, 1e-6))
    order = good[np.argsort(-scores[good], kind="stable")][:MOST]
    return Things(
        np.asarray(boxes[order], np.float32),
        np.clip(np.asarray(scores[order], np.float32), 0, 1),
        np.asarray(classes[order]).astype(np.intp),
    )
