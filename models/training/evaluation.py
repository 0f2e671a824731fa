"""How good a detector is on labelled pictures: COCO's and VOC's average precision, of all classes and of each.

    scores = measure(found, dataset)      # answers that are at hand
    scores = evaluate(detector, dataset)  # any detector

Each class is judged on the pictures alone that are labelled for it. Figures are 0..1. Needs numpy and OpenCV alone.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from models.cells import Things
from models.errors import OnlookerError
from models.training import coco_measure, precision_recall, voc_measure
from models.training.examples import decoded, encoded
from models.training.judging import Judged, rows
from models.training.precision_recall import Operation

if TYPE_CHECKING:
    from models.object_detector import ObjectDetector
    from models.training.annotations import Dataset, Picture

Progress = Callable[[int, int], None]

LOWEST = 0.01
"""Detections below it are not asked for: they move average precision by less than a tenth of a point."""

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))


@dataclass(frozen=True, slots=True)
class ClassScores:
    """One class: `objects` to be found, COCO's `ap` over ten overlaps, at 0.5 and at 0.75, and VOC's at 0.5."""

    name: str
    objects: int
    ap: float
    ap50: float
    ap75: float
    voc: float


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """All classes that have anything to be found: the means over them, and each of them.

    `thresholds`: precision and recall of all detections together at each of `THRESHOLDS`, by VOC's rules. `coco`,
    `voc`: the judged detections, for `compare` and for curves; `names`: of their classes. No figure is a number where
    there is nothing to be found.
    """

    pictures: int
    ap: float
    ap50: float
    ap75: float
    voc_ap: float
    classes: tuple[ClassScores, ...]
    thresholds: tuple[Operation, ...]
    names: tuple[str, ...]
    coco: Judged
    voc: Judged


def measure(found: Sequence[Things], dataset: Dataset) -> Scores:
    """`found`: for each picture of the dataset what was found there, with a score of `LOWEST` or more: boxes in pixels
    of that picture, classes as places in the dataset's names. Raises ValueError where the two do not fit."""
    together = rows(found, dataset)
    coco, voc = coco_measure.judge(together), voc_measure.judge(together)
    by_class = precision_recall.areas(coco, precision_recall.sampled)[0]
    voc_by_class = precision_recall.areas(voc, precision_recall.whole)[0, 0]
    objects = coco.objects.sum(axis=0)
    classes = [
        ClassScores(
            name=dataset.names[place],
            objects=int(objects[place]),
            ap=float(by_class[:, place].mean()),
            ap50=float(by_class[0, place]),
            ap75=float(by_class[5, place]),
            voc=float(voc_by_class[place]),
        )
        for place in np.flatnonzero(objects)
    ]
    return Scores(
        pictures=len(dataset.pictures),
        ap=_mean(one.ap for one in classes),
        ap50=_mean(one.ap50 for one in classes),
        ap75=_mean(one.ap75 for one in classes),
        voc_ap=_mean(one.voc for one in classes),
        classes=tuple(classes),
        thresholds=tuple(precision_recall.operation(voc, threshold) for threshold in THRESHOLDS),
        names=dataset.names,
        coco=coco,
        voc=voc,
    )


def _mean(values: Iterator[float] | Sequence[float]) -> float:
    all_values = list(values)
    return float(np.mean(all_values)) if all_values else float("nan")


def evaluate(
    detector: ObjectDetector, dataset: Dataset, *, lowest: float = LOWEST, progress: Progress | None = None
) -> Scores:
    """`measure` of what the detector finds in the pictures of the dataset, read one after the other.

    Classes that only one of the two knows are left out, and pictures that cannot be read. `progress`: pictures done, of
    how many. Raises OnlookerError where no picture can be read or no class is known to both.
    """
    looked = look(detector, dataset, lowest=lowest, progress=progress)
    return measure(looked.found, looked.dataset)


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What was found in each picture of `dataset`, which is that of the pictures that could be read and of the classes
    that the detector knows: its notes tell what was left out. `seconds`: how long each picture in memory took."""

    found: tuple[Things, ...]
    dataset: Dataset
    seconds: tuple[float, ...]


def look(
    detector: ObjectDetector, dataset: Dataset, *, lowest: float = LOWEST, progress: Progress | None = None
) -> Looked:
    """What the detector finds with a score of `lowest` or more. Raises OnlookerError as `evaluate`."""
    known = shared(dataset, detector.labels)
    places = placed(detector.labels, known.names)
    found: list[Things] = []
    seen: list[Picture] = []
    seconds: list[float] = []
    unread: list[str] = []
    for done, picture in enumerate(known.pictures, 1):
        pixels = pixels_of(picture)
        if pixels is not None:
            begun = time.perf_counter()
            things = detector.find(pixels, lowest)
            seconds.append(time.perf_counter() - begun)
            found.append(renamed(things, places))
            seen.append(picture)
        else:
            unread.append(picture.key)
        if progress is not None:
            progress(done, len(known.pictures))
    if not seen:
        raise OnlookerError("None of the pictures can be read: do they lie where the annotations say?")
    many = f"{len(unread)} of {len(known.pictures)} pictures cannot be read and are left out: {_some(unread)}."
    notes = (*known.notes, many) if unread else known.notes
    return Looked(tuple(found), replace(known, pictures=tuple(seen), notes=notes), tuple(seconds))


def pixels_of(picture: Picture) -> NDArray[np.uint8] | None:
    """(H, W, 3) BGR, of the size that the labels are for; None where the file cannot be read as a picture."""
    data = encoded(picture)
    if data is None:
        return None
    read = decoded(data, cv2.IMREAD_COLOR)
    if read is not None and read.shape[:2] == (picture.width, picture.height) and picture.width != picture.height:
        # COCO's labels are for the picture as it lies in the file, turned by no tag.
        read = decoded(data)
    if read is None:
        return None
    pixels = read
    if pixels.shape[:2] != (picture.height, picture.width):
        size = picture.width, picture.height
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return pixels


def shared(dataset: Dataset, labels: Sequence[str]) -> Dataset:
    """The dataset without the classes that `labels` does not know. Raises OnlookerError where none is left."""
    kept = [place for place, name in enumerate(dataset.names) if name in set(labels)]
    if len(kept) == len(dataset.names):
        return dataset
    if not kept:
        raise OnlookerError(
            f"The detector knows none of the classes of these pictures: it knows {_some(labels)}; they show "
            f"{_some(dataset.names)}."
        )
    gone = [name for name in dataset.names if name not in set(labels)]
    new = np.full(len(dataset.names), -1, np.intp)
    new[kept] = np.arange(len(kept))
    pictures = []
    for one in dataset.pictures:
        known = new[one.classes] >= 0
        pictures.append(
            replace(
                one,
                boxes=one.boxes[known],
                classes=new[one.classes[known]],
                crowd=one.crowd[known],
                difficult=one.difficult[known],
                labelled=one.labelled[kept],
            )
        )
    note = f"The detector does not know {_some(gone)}: they are left out."
    names = tuple(dataset.names[place] for place in kept)
    return replace(dataset, names=names, pictures=tuple(pictures), notes=(*dataset.notes, note))


def _some(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(itertools.islice(names, most))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def placed(labels: Sequence[str], names: Sequence[str]) -> NDArray[np.intp]:
    """For each of a detector's labels its place in `names`, -1 where it is not there."""
    by_name = {name: place for place, name in enumerate(names)}
    return np.array([by_name.get(label, -1) for label in labels], np.intp)


def renamed(found: Things, places: NDArray[np.intp]) -> Things:
    """The things with the classes that `places` gives for theirs, without those that it does not know."""
    classes = places[found.classes]
    known = classes >= 0
    return Things(found.boxes[known], found.scores[known], classes[known])
