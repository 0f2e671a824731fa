"""COCO's average precision by pycocotools, which everybody compares with. It is installed with the extra `training`.

`models.training.coco_measure` gives the same figures without it (a test holds them together), for draws of pictures and
for machines where nothing can be installed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.cells import Things
from models.errors import OnlookerError
from models.training.judging import Rows, rows

if TYPE_CHECKING:
    from models.training.annotations import Dataset

MISSING = "pycocotools is not installed: pip install 'onlooker[training]' brings it."


def is_there() -> bool:
    """Whether pycocotools is installed."""
    try:
        return importlib.util.find_spec("pycocotools.cocoeval") is not None
    except (ImportError, ValueError):
        return False


def average_precision(found: Sequence[Things], dataset: Dataset) -> tuple[float, float, float]:
    """AP over ten overlaps, at 0.5 and at 0.75, each 0..1, of what `models.training.evaluation.measure` takes; no
    numbers where there is nothing to be found. Raises OnlookerError where pycocotools is not there."""
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise OnlookerError(MISSING) from error
    together = rows(found, dataset)
    truth, answers = COCO(), COCO()
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        truth.dataset = {**_frame(together), "annotations": _labels(together)}
        answers.dataset = {**_frame(together), "annotations": _answers(together)}
        truth.createIndex()
        answers.createIndex()
        judge = COCOeval(truth, answers, "bbox")
        # The whole range of sizes alone: those of small, middle and large things are not asked for.
        judge.params.areaRng, judge.params.areaRngLbl = judge.params.areaRng[:1], judge.params.areaRngLbl[:1]
        judge.evaluate()
        judge.accumulate()
    precision = np.asarray(judge.eval["precision"])[..., 0, -1]  # (overlaps, recalls, classes)
    known = precision[:, :, precision[0, 0] > -1]
    if not known.size:
        return float("nan"), float("nan"), float("nan")
    return float(known.mean()), float(known[0].mean()), float(known[5].mean())


def _frame(together: Rows) -> dict[str, Any]:
    return {
        "images": [{"id": place} for place in range(together.pictures)],
        "categories": [{"id": place} for place in range(together.classes)],
    }


def _labels(together: Rows) -> list[dict[str, Any]]:
    return [
        {**one, "iscrowd": int(ignored)}
        for one, ignored in zip(
            _boxes(together, together.true_boxes, together.true_keys), together.ignored.tolist(), strict=True
        )
    ]


def _answers(together: Rows) -> list[dict[str, Any]]:
    boxes = _boxes(together, together.boxes, together.keys)
    return [{**one, "score": score} for one, score in zip(boxes, together.scores.tolist(), strict=True)]


def _boxes(together: Rows, boxes: Any, keys: Any) -> list[dict[str, Any]]:
    """One entry for each box (N, 4), as COCO writes it: x, y, width, height. Ids count from 1: 0 means none there."""
    found = []
    for number, ((x1, y1, x2, y2), key) in enumerate(zip(boxes.tolist(), keys.tolist(), strict=True), 1):
        picture, place = divmod(key, together.classes)
        sides = [x1, y1, x2 - x1, y2 - y1]
        area = sides[2] * sides[3]
        found.append({"id": number, "image_id": picture, "category_id": place, "bbox": sides, "area": area})
    return found
