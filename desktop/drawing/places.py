"""Where in a scene that lies which privacy asks to hide: faces, heads that no face was found on, things of a class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from desktop.drawing.connections import HEAD_JOINTS
from desktop.drawing.mosaic import Box
from desktop.drawing.people import PERSON
from models.scene import Body, Detection, Floats, Scene

Key = tuple[str, int]
"""What it is and its track; things of track 0 are not followed."""

SEEN = 0.3
"""Least visibility of a joint of the head that shows that a head is there: less than what is drawn needs."""

# A head is hidden as a square, measured by whichever says more: the ears' distance, eyes to mouth, shoulders, trunk.
# About those of grown-ups: head 0.23 m high, ears 0.14 m apart, mouth 0.07 m below the eyes, shoulder joints 0.36 m
# apart, hips 0.5 m below them.
_EARS, _EYES_TO_MOUTH, _SHOULDERS, _TRUNK = 1.65, 3.3, 0.64, 0.46
_NOSE, _EYES, _EAR_JOINTS, _MOUTH = 0, (2, 5), (7, 8), (9, 10)
_SHOULDER_JOINTS, _HIPS = (11, 12), (23, 24)
_FACING = np.array([_NOSE, 1, 2, 3, 4, 5, 6, 7, 8])


@dataclass(frozen=True, slots=True)
class Places:
    """What a scene says of where to hide.

    `boxes`: what is to be hidden. `settled`: followed things that need not be hidden themselves now, because something
    of `boxes` stands for them. `unknown`: a place cannot be told at all.
    """

    boxes: tuple[tuple[Key, Box], ...]
    settled: frozenset[Key]
    unknown: bool


def places_in(scene: Scene, *, faces: bool, labels: frozenset[str]) -> Places:
    """Where the faces of a scene, and its objects of these classes, are. Boxes are as found, without any margin.

    A head that a body shows is hidden where no face was found on it; the upper part of a person's box where neither
    was: people beyond the most that are followed, and those too far away for a face to be found.
    """
    boxes: list[tuple[Key, Box]] = []
    settled: set[Key] = set()
    if faces:
        boxes += [(("face", face.track), _box(face.box)) for face in scene.faces]
        for body in scene.bodies:
            _add(boxes, settled, ("head", body.track), _head(body))
        people = [thing for thing in scene.objects if thing.label == PERSON]
        found = len(boxes)
        for person in people:
            _add(boxes, settled, ("top", person.track), _top(person), upto=found)
    boxes += [((thing.label, thing.track), _box(thing.box)) for thing in scene.objects if thing.label in labels]
    if PERSON in labels:
        boxes += [(("body", body.track), _box(body.box)) for body in scene.bodies]
    finite = tuple(place for place in boxes if all(map(math.isfinite, place[1])))
    return Places(finite, frozenset(settled), len(finite) < len(boxes))


def _add(
    boxes: list[tuple[Key, Box]], settled: set[Key], key: Key, box: Box | None, *, upto: int | None = None
) -> None:
    """Hide this too, unless the middle of what is hidden already lies in it: then that stands for it."""
    if box is None:
        return
    x1, y1, x2, y2 = box
    middles = (((a + c) / 2, (b + d) / 2) for _, (a, b, c, d) in boxes[:upto])
    if any(x1 <= x <= x2 and y1 <= y <= y2 for x, y in middles):
        settled.add(key)
    else:
        boxes.append((key, box))


def _box(box: Floats) -> Box:
    x1, y1, x2, y2 = box.tolist()
    return x1, y1, x2, y2


def _head(body: Body) -> Box | None:
    """A square around a body's head, None where no part of a face is to be seen on it."""
    points, visibility = body.points[:, :2], body.points[:, 3]
    finite = np.asarray(np.isfinite(points).all(axis=1))
    if not (visibility[_FACING][finite[_FACING]] >= SEEN).any():
        return None
    head = points[HEAD_JOINTS[finite[HEAD_JOINTS]]]
    (x1, y1), (x2, y2) = head.min(0).tolist(), head.max(0).tolist()
    half = max(_sizes(points), default=0.0) / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return min(x1, x - half), min(y1, y - half), max(x2, x + half), max(y2, y + half)


def _sizes(points: Floats) -> Iterator[float]:
    """How large a head is by each of its measures that are known, in pixels."""

    def middle(joints: Sequence[int]) -> Floats:
        return np.asarray(points[list(joints)].mean(0), np.float32)

    measures = (
        (_EARS, points[_EAR_JOINTS[0]], points[_EAR_JOINTS[1]]),
        (_EYES_TO_MOUTH, middle(_EYES), middle(_MOUTH)),
        (_SHOULDERS, points[_SHOULDER_JOINTS[0]], points[_SHOULDER_JOINTS[1]]),
        (_TRUNK, middle(_SHOULDER_JOINTS), middle(_HIPS)),
    )
    for share, one, other in measures:
        size = share * float(np.hypot(*(one - other)))
        if math.isfinite(size):
            yield size


def _top(person: Detection) -> Box:
    """Where a person's head is, whose box alone is known: a fifth of a standing one, more of a box that is wide.

    In a wide box somebody sits, bends or is seen from the chest up.
    """
    x1, y1, x2, y2 = _box(person.box)
    width, height = x2 - x1, y2 - y1
    return x1, y1, x2, y1 + min(height, max(0.22 * height, 0.75 * width))
