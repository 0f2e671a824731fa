"""A teacher's guesses: what a trained detector sees in pictures, looked at once and kept in a file.

They stand in for labels of classes that a picture is not labelled for, so that those are not forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.cells import Things
from models.errors import OnlookerError
from models.training.examples import read_pixels
from models.training.labelled import Dataset

if TYPE_CHECKING:
    from models.object_detector import ObjectDetector

LOWEST = 0.05
"""Guesses below this score are not kept."""


def look(
    teacher: ObjectDetector, dataset: Dataset, progress: Callable[[int, int], None] | None = None
) -> dict[str, Things]:
    """The guesses for every picture of the dataset that has unlabelled classes, by its key.

    Boxes are in pixels of the file. Raises OnlookerError where the teacher knows other classes than the dataset.
    """
    if teacher.labels != dataset.names:
        raise OnlookerError("A teacher must know exactly the classes of the pictures, in their order.")
    wanted = [picture for picture in dataset.pictures if not picture.labelled.all()]
    guesses = {}
    for done, picture in enumerate(wanted):
        pixels = read_pixels(picture)
        if pixels is not None:
            guesses[picture.key] = teacher.find(pixels, LOWEST)
        if progress is not None:
            progress(done + 1, len(wanted))
    return guesses


def save(guesses: Mapping[str, Things], path: Path) -> None:
    """Write guesses into one .npz file, whole or not at all."""
    counts = np.array([len(found) for found in guesses.values()], np.int64)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez_compressed(
            file,
            keys=np.array(list(guesses), dtype=np.str_),
            counts=counts,
            boxes=np.concatenate([found.boxes for found in guesses.values()] or [np.zeros((0, 4), np.float32)]),
            scores=np.concatenate([found.scores for found in guesses.values()] or [np.zeros(0, np.float32)]),
            classes=np.concatenate([found.classes for found in guesses.values()] or [np.zeros(0, np.intp)]),
        )
    part.replace(path)


def load(path: Path) -> dict[str, Things]:
    """What `save` wrote. Raises OnlookerError where the file is none."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            ends = np.cumsum(kept["counts"])
            boxes, scores, classes = kept["boxes"], kept["scores"], kept["classes"]
            return {
                str(key): Things(boxes[end - count : end], scores[end - count : end], classes[end - count : end])
                for key, count, end in zip(kept["keys"], kept["counts"], ends, strict=True)
            }
    except (OSError, ValueError, KeyError) as error:
        raise OnlookerError(f"{path} holds no guesses of a teacher ({error}): make them anew with --teach.") from error
