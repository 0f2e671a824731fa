"""COCO's JSON: a picture for each frame, an annotation for each thing; joints and points of faces are its keypoints.

The format: https://cocodataset.org/#format-data. Boxes are cut at the picture's edge, which those who train expect, and
keypoints that lie beyond it are not labelled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from desktop.batch.exports.contents import Contents, Floats, Thing, clipped, frame_name
from desktop.batch.exports.joints import JOINTS
from desktop.drawing.connections import BODY, FACE
from desktop.recordings.pixels import Size
from models.scene import FACE_POINTS

_SEEN, _HIDDEN, _NONE = 2, 1, 0
_VISIBLE = 0.5


def text(contents: Contents) -> Iterator[str]:
    """The JSON, part by part. Raises RecordingError where the size of a picture is not known."""
    categories = [_category(number, *one) for number, one in enumerate(contents.labels, 1)]
    numbers = {one: number for number, one in enumerate(contents.labels, 1)}
    about = {"description": f"{contents.name}, exported by Onlooker"}
    yield f'{{"info": {json.dumps(about)}, "licenses": [],\n"categories": {json.dumps(categories)},\n"images": ['
    yield from _listed(_images(contents))
    yield '],\n"annotations": ['
    yield from _listed(_annotations(contents, numbers))
    yield "]}\n"


def _listed(entries: Iterator[dict[str, Any]]) -> Iterator[str]:
    before = "\n"
    for entry in entries:
        yield before + json.dumps(entry, allow_nan=False)
        before = ",\n"


def _category(number: int, kind: str, label: str) -> dict[str, Any]:
    category: dict[str, Any] = {"id": number, "name": label, "supercategory": kind}
    if kind == "face":
        names, edges = [str(point) for point in range(FACE_POINTS)], FACE
    elif kind == "body":
        names, edges = list(JOINTS), BODY
    else:
        return category
    return category | {"keypoints": names, "skeleton": (edges + 1).tolist()}  # COCO counts joints from 1


def _images(contents: Contents) -> Iterator[dict[str, Any]]:
    for number, (source, line, _) in enumerate(contents.analysed(), 1):
        width, height = contents.size_of(source)
        name = source.name if source.picture else f"{frame_name(source, line)}.jpg"
        image = {"id": number, "file_name": name, "width": width, "height": height}
        yield image if source.picture else image | {"frame": line.frame, "time": line.time}


def _annotations(contents: Contents, numbers: dict[tuple[str, str], int]) -> Iterator[dict[str, Any]]:
    made = 0
    for image, (source, _, things) in enumerate(contents.analysed(), 1):
        size = contents.size_of(source)
        for thing in things:
            box = clipped(thing.box, size)
            if box is None:
                continue
            made += 1
            yield _annotation(made, image, numbers[thing.kind, thing.label], thing, box, size)


def _annotation(
    number: int, image: int, category: int, thing: Thing, box: tuple[float, float, float, float], size: Size
) -> dict[str, Any]:
    left, top, right, bottom = box
    width, height = round(right - left, 3), round(bottom - top, 3)
    entry = {
        "id": number,
        "image_id": image,
        "category_id": category,
        "bbox": [round(left, 3), round(top, 3), width, height],
        "area": round(width * height, 3),
        "segmentation": [],
        "iscrowd": 0,
        "score": round(thing.score, 3),
        "track_id": thing.track,
    }
    if thing.points is None:
        return entry
    keypoints = _keypoints(thing.points, size)
    return entry | {"keypoints": keypoints, "num_keypoints": sum(flag != _NONE for flag in keypoints[2::3])}


def _keypoints(points: Floats, size: Size) -> list[float]:
    """x, y and how it was seen of each point, one after the other."""
    flags = np.full(len(points), _SEEN)
    if points.shape[1] > 3:
        flags[~(points[:, 3] >= _VISIBLE)] = _HIDDEN
    places = np.round(points[:, :2].astype(np.float64), 3)
    inside = ((places >= 0) & (places <= np.array(size))).all(1)  # False for NaN as well
    places[~inside], flags[~inside] = 0.0, _NONE
    values: list[float] = []
    for (x, y), flag in zip(places.tolist(), flags.tolist(), strict=True):
        values += (x, y, flag)
    return values
