"""One detector on one set of pictures: how good it is and how long it takes."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import OnlookerError
from models.objects import EngineDetector
from models.training import coco_reference
from models.training.evaluation import LOWEST, Progress, Scores, look, measure

if TYPE_CHECKING:
    from models.object_detector import ObjectDetector
    from models.training.annotations import Dataset

WARM = 2
"""Pictures at the beginning whose times do not count."""
RUNS = 30
"""Of the network alone."""
_AGREED = 1e-6


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds a picture: the median, and the 10th percentile (on a machine that does other things too, the better
    one)."""

    median: float
    tenth: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        """Those of single runs, the first few left out where there are enough."""
        counted = seconds[WARM:] if len(seconds) > 2 * WARM else seconds
        middle, low = np.percentile(np.array(counted) * 1000, [50, 10])
        return cls(round(float(middle), 3), round(float(low), 3))


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """`data`: the name of the pictures. `whole`: from pixels in memory to boxes; `network`: the network alone, None
    where that cannot be told. `notes`: what was left out. `checked`: whether pycocotools gave `scores.ap` as well."""

    data: str
    key: str
    size: tuple[int, int]
    device: str
    precision: str
    scores: Scores
    whole: Times
    network: Times | None
    notes: tuple[str, ...]
    checked: bool

    @property
    def input(self) -> str:
        """Width x height of the network's input."""
        return f"{self.size[1]}x{self.size[0]}"

    def described(self) -> dict[str, Any]:
        """For programs: average precisions are 0..1, times milliseconds, the size (height, width); null: no number."""
        scores = self.scores
        return {
            "data": self.data,
            "pictures": scores.pictures,
            "objects": sum(one.objects for one in scores.classes),
            "detector": self.key,
            "size": list(self.size),
            "device": self.device,
            "precision": self.precision,
            "ap": _number(scores.ap),
            "ap50": _number(scores.ap50),
            "ap75": _number(scores.ap75),
            "voc": _number(scores.voc_ap),
            "milliseconds": {
                "whole": asdict(self.whole),
                "network": None if self.network is None else asdict(self.network),
            },
            "classes": [asdict(one) for one in scores.classes],
            "thresholds": [asdict(one) for one in scores.thresholds],
            "notes": list(self.notes),
        }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def run(
    detector: ObjectDetector, dataset: Dataset, title: str, progress: Progress | None = None, lowest: float = LOWEST
) -> Trial:
    """The trial of a detector on pictures that are called `title`.

    Where pycocotools is installed its figures are taken. Raises OnlookerError as `evaluation.look` does, and where ours
    differ from those.
    """
    looked = look(detector, dataset, lowest=lowest, progress=progress)
    scores = measure(looked.found, looked.dataset)
    checked = coco_reference.is_there()
    if checked:
        theirs = coco_reference.average_precision(looked.found, looked.dataset)
        if not np.allclose(theirs, (scores.ap, scores.ap50, scores.ap75), atol=_AGREED, equal_nan=True):
            raise OnlookerError(
                f"pycocotools gives an AP of {theirs[0]:.4f} where ours is {scores.ap:.4f}: report it with the data."
            )
        scores = replace(scores, ap=theirs[0], ap50=theirs[1], ap75=theirs[2])
    return Trial(
        data=title,
        key=detector.key,
        size=detector.size,
        device=detector.device,
        precision=detector.precision,
        scores=scores,
        whole=Times.of(looked.seconds),
        network=_alone(detector),
        notes=looked.dataset.notes,
        checked=checked,
    )


def _alone(detector: ObjectDetector) -> Times | None:
    """How long the network takes by itself; None where the detector is none of ours."""
    if not isinstance(detector, EngineDetector):
        return None
    picture = np.zeros((1, *detector.size, 3), np.uint8)
    seconds = []
    for _ in range(RUNS + WARM):
        begun = time.perf_counter()
        detector.engine.run(picture)
        seconds.append(time.perf_counter() - begun)
    return Times.of(seconds)
