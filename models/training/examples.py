"""What is learned from: pictures in memory with what is known of them, labels and a teacher's guesses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models import boxes as geometry
from models.cells import Things
from models.errors import OnlookerError
from models.training.labelled import Dataset, Flags, Floats, Picture

Pixels = NDArray[np.uint8]

SURE = 0.3
"""What a teacher sees this surely and nobody labelled, where difficult boxes are missing, may be one of those."""
SAME = 0.4
"""A teacher's box that overlaps a label of its class this much is the label's."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One picture to learn from.

    `pixels`: (H, W, 3) BGR. `boxes`: (N, 4) in its pixels, `classes`: (N,). `weights`: (N,) 1 of labels, a teacher's
    score 0..1 of its guesses. `ignored`: (N,) boxes inside which their class counts neither way. `labelled`: (classes,)
    whose labels are complete; of the others the boxes are guesses.
    """

    pixels: Pixels
    boxes: Floats
    classes: NDArray[np.intp]
    weights: Floats
    ignored: Flags
    labelled: Flags


def load(
    dataset: Dataset, guesses: Mapping[str, Things] | None = None, progress: Callable[[int, int], None] | None = None
) -> tuple[list[Example], list[str]]:
    """All pictures decoded into memory, and the keys of those that cannot be read.

    `guesses`: a teacher's by the pictures' keys. A picture whose size is not what its annotations say has its boxes
    scaled. Raises OnlookerError where none can be read, or their folder vanishes meanwhile.
    """
    examples, unreadable = [], []
    for done, picture in enumerate(dataset.pictures):
        pixels = read_pixels(picture)
        if pixels is None and not picture.file.parent.is_dir():
            raise OnlookerError(
                f"{picture.file.parent} is gone: {done} of {len(dataset.pictures)} pictures were read from it. Bring "
                "it back and begin again."
            )
        if pixels is None:
            unreadable.append(picture.key)
        else:
            examples.append(example(picture, pixels, None if guesses is None else guesses.get(picture.key)))
        if progress is not None:
            progress(done + 1, len(dataset.pictures))
    if not examples:
        raise OnlookerError("None of the pictures can be read: do they lie where the annotations say?")
    return examples, unreadable


def read_pixels(picture: Picture) -> Pixels | None:
    """(H, W, 3) BGR, upright as stored; None where the file is gone or is no picture."""
    data = encoded(picture)
    return None if data is None else decoded(data)


def encoded(picture: Picture) -> bytes | None:
    """The bytes of a picture as they lie in its file, or in a packed one; None where they are not there."""
    try:
        if picture.span is None:
            return picture.file.read_bytes()
        start, length = picture.span
        with picture.file.open("rb") as file:
            file.seek(start)
            return file.read(length)
    except OSError:
        return None


def decoded(data: bytes, how: int = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION) -> Pixels | None:
    """(H, W, 3) BGR; None where the bytes are no picture."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), how) if data else None
    except cv2.error:
        return None
    return None if pixels is None else np.asarray(pixels, np.uint8)


def example(picture: Picture, pixels: Pixels, guesses: Things | None = None) -> Example:
    """A labelled picture as an example: labels, and a teacher's guesses of the classes that are not labelled.

    Without a teacher those classes are ignored everywhere in it.
    """
    scale = np.array([pixels.shape[1] / picture.width, pixels.shape[0] / picture.height] * 2, np.float32)
    parts = [
        (
            picture.boxes * scale,
            picture.classes,
            np.ones(len(picture.boxes), np.float32),
            picture.crowd | picture.difficult,
        )
    ]
    if guesses is not None and len(guesses):
        unlabelled = ~picture.labelled[guesses.classes]
        parts.append(_of(guesses, unlabelled, ignored=False))
        if picture.difficult_missing:
            parts.append(_of(guesses, _unmatched(guesses, parts[0], picture.labelled), ignored=True))
    elif guesses is None:
        parts.append(_unasked(picture, scale))
    boxes, classes, weights, ignored = (np.concatenate(list(values)) for values in zip(*parts, strict=True))
    return Example(
        pixels,
        boxes.astype(np.float32),
        classes.astype(np.intp),
        weights.astype(np.float32),
        ignored.astype(bool),
        picture.labelled,
    )


def _of(guesses: Things, chosen: Flags, *, ignored: bool) -> tuple[Floats, NDArray[np.intp], Floats, Flags]:
    return guesses.boxes[chosen], guesses.classes[chosen], guesses.scores[chosen], np.full(int(chosen.sum()), ignored)


def _unasked(picture: Picture, scale: Floats) -> tuple[Floats, NDArray[np.intp], Floats, Flags]:
    """The whole picture as an ignored box of each class that is not labelled."""
    classes = np.flatnonzero(~picture.labelled)
    whole = np.array([0, 0, picture.width, picture.height], np.float32) * scale
    count = len(classes)
    return np.tile(whole, (count, 1)), classes, np.ones(count, np.float32), np.ones(count, bool)


def _unmatched(guesses: Things, labels: tuple[Floats, NDArray[np.intp], Floats, Flags], labelled: Flags) -> Flags:
    """Which guesses of labelled classes are sure and near no label of their class."""
    boxes, classes = labels[:2]
    alike = guesses.classes[:, None] == classes
    matched = ((geometry.iou(guesses.boxes, boxes) > SAME) & alike).any(axis=1)
    return np.asarray(labelled[guesses.classes] & (guesses.scores > SURE) & ~matched, bool)


def passes(groups: Sequence[Sequence[Example]], repeats: Sequence[int]) -> list[Example]:
    """What one pass over the data sees: each group so often."""
    return [one for group, count in zip(groups, repeats, strict=True) for _ in range(count) for one in group]
