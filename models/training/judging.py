"""Which of the things found are right: the ground that both measures of average precision stand on.

Detections and labels of all pictures lie in one row each, so that a set of hundreds of pictures is judged in one go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.cells import Things

if TYPE_CHECKING:
    from models.training.annotations import Dataset

Doubles = NDArray[np.float64]
Places = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What was found in all pictures and what is labelled there, of labelled classes alone.

    Detections: `boxes` (D, 4) x1, y1, x2, y2, `scores` (D,), `keys` (D,) = picture * classes + class, by rising key and
    in each the best first. Labels: `true_boxes` (L, 4), `true_keys` (L,), `crowd` and `difficult` (L,), by rising key,
    those that count before those that do not. `pictures`, `classes`: how many there are.
    """

    boxes: Doubles
    scores: Doubles
    keys: Places
    true_boxes: Doubles
    true_keys: Places
    crowd: Flags
    difficult: Flags
    pictures: int
    classes: int

    @property
    def ignored(self) -> Flags:
        """(L,): labels that count neither as hit nor as miss."""
        return self.crowd | self.difficult

    def counted(self) -> Places:
        """(pictures, classes): how many labels there are to be found."""
        keys = self.true_keys[~self.ignored]
        counts = np.bincount(keys, minlength=self.pictures * self.classes)
        return np.asarray(counts.reshape(self.pictures, self.classes), np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Every detection with every label of its picture and class: `found`, `true` (N,) places in `Rows`, by rising
    `found`, then `true`; `shared` (N,) intersection over union, `covered` (N,) intersection over the detection."""

    found: Places
    true: Places
    shared: Doubles
    covered: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Detections that were judged: by rising class, in each the best first, of equals the earlier picture first.

    `scores` (D,); `pictures`, `classes` (D,) places; `hits`, `ignored` (overlaps, D): whether each is right, or neither
    right nor wrong, at each overlap that is asked for; `objects` (pictures, classes): how many are to be found.
    """

    scores: Doubles
    pictures: Places
    classes: Places
    hits: Flags
    ignored: Flags
    objects: Places

    def of_class(self, place: int) -> slice:
        """Where the detections of one class lie."""
        first, last = np.searchsorted(self.classes, [place, place + 1])
        return slice(int(first), int(last))


def rows(found: Sequence[Things], dataset: Dataset) -> Rows:
    """`found`: for each picture of the dataset, boxes in pixels of that picture, classes as places in its names.

    Detections and labels of classes that a picture is not labelled for are left out: nobody knows whether they are
    right. Raises ValueError where there are not as many answers as pictures, or a class has no name.
    """
    if len(found) != len(dataset.pictures):
        raise ValueError(f"{len(found)} answers for {len(dataset.pictures)} pictures")
    classes = len(dataset.names)
    labelled = np.array([picture.labelled for picture in dataset.pictures], bool).reshape(-1, classes)
    boxes, scores, keys = _in_one_row(
        [(one.boxes, one.scores, one.classes) for one in found],
        labelled,
    )
    true_boxes, flags, true_keys = _in_one_row(
        [(one.boxes, np.stack([one.crowd, one.difficult], 1), one.classes) for one in dataset.pictures],
        labelled,
        width=2,
    )
    order = np.lexsort((-scores, keys))
    flags = flags.astype(bool)
    true_order = np.lexsort((flags.any(axis=1), true_keys))
    return Rows(
        boxes=boxes[order],
        scores=scores[order],
        keys=keys[order],
        true_boxes=true_boxes[true_order],
        true_keys=true_keys[true_order],
        crowd=flags[true_order, 0],
        difficult=flags[true_order, 1],
        pictures=len(found),
        classes=classes,
    )


def _in_one_row(
    parts: Sequence[tuple[NDArray[np.float32], NDArray[np.generic], Places]], labelled: Flags, width: int = 0
) -> tuple[Doubles, Doubles, Places]:
    """Boxes (N, 4), values (N,) or (N, width) and keys (N,) of all pictures, of labelled classes alone."""
    classes = labelled.shape[1]
    pictures = np.repeat(np.arange(len(parts)), [len(part[2]) for part in parts])
    boxes = np.concatenate([np.zeros((0, 4)), *(part[0].reshape(-1, 4) for part in parts)]).astype(np.float64)
    empty = np.zeros((0, width) if width else 0)
    values = np.concatenate([empty, *(part[1] for part in parts)]).astype(np.float64)
    of = np.concatenate([np.zeros(0, np.intp), *(part[2] for part in parts)]).astype(np.intp)
    if len(of) and not 0 <= of.min() <= of.max() < classes:
        raise ValueError(f"classes go from 0 to {classes - 1}, not from {of.min()} to {of.max()}")
    kept = labelled[pictures, of]
    return boxes[kept], values[kept], (pictures * classes + of)[kept]


def pairs(all_rows: Rows) -> Pairs:
    """Every detection with every label of its picture and class."""
    first = np.searchsorted(all_rows.true_keys, all_rows.keys, side="left")
    counts = np.searchsorted(all_rows.true_keys, all_rows.keys, side="right") - first
    found = np.repeat(np.arange(len(counts)), counts)
    true = np.arange(len(found)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    one, other = all_rows.boxes[found], all_rows.true_boxes[true]
    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    both = np.clip(sides, 0, None).prod(axis=1)
    area, other_area = ((box[:, 2:] - box[:, :2]).prod(axis=1) for box in (one, other))
    with np.errstate(divide="ignore", invalid="ignore"):
        shared, covered = both / (area + other_area - both), both / area
    return Pairs(found, true, np.nan_to_num(shared, posinf=0), np.nan_to_num(covered, posinf=0))


def judged(all_rows: Rows, hits: Flags, ignored: Flags) -> Judged:
    """The detections in the order of `Judged`, each with its judgement: (overlaps, D) in the order of the rows."""
    pictures, classes = np.divmod(all_rows.keys, all_rows.classes)
    order = np.lexsort((-all_rows.scores, classes))
    return Judged(
        scores=all_rows.scores[order],
        pictures=pictures[order],
        classes=classes[order],
        hits=hits[:, order],
        ignored=ignored[:, order],
        objects=all_rows.counted(),
    )
