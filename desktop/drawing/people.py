"""Which person's box belongs to a skeleton: the same person, found by two networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models import boxes
from models.scene import Body, Detection

PERSON = "person"
_SEEN = 0.5  # visibility of the joints that count
_INSIDE = 0.8  # of the seen joints: more of them may be at the ends of limbs that the box misses
_COVERED = 0.12  # overlap (IoU) of both boxes: head and shoulders near the camera stand for a person, not for a giant


def without_bodies(things: Sequence[Detection], bodies: Sequence[Body]) -> tuple[Detection, ...]:
    """The objects without the people that `bodies` show already.

    A skeleton stands for one box at most, the one it fills best: of two people in front of each other, the one without
    a skeleton keeps the box.
    """
    people = [place for place, thing in enumerate(things) if thing.label == PERSON]
    fits = sorted(
        ((_fit(things[place], body), place, number) for place in people for number, body in enumerate(bodies)),
        reverse=True,
    )
    shown: set[int] = set()
    used: set[int] = set()
    for fit, place, number in fits:
        if fit >= _COVERED and place not in shown and number not in used:
            shown.add(place)
            used.add(number)
    return tuple(thing for place, thing in enumerate(things) if place not in shown)


def _fit(person: Detection, body: Body) -> float:
    """How well a body fills a person's box, as the overlap of both boxes; 0 where its joints lie outside."""
    joints = body.points[(body.points[:, 3] >= _SEEN) & np.isfinite(body.points[:, :2]).all(1), :2]
    if not len(joints) or not np.isfinite([person.box, body.box]).all():
        return 0.0
    x1, y1, x2, y2 = person.box.tolist()
    inside = (joints[:, 0] >= x1) & (joints[:, 0] <= x2) & (joints[:, 1] >= y1) & (joints[:, 1] <= y2)
    if inside.mean() < _INSIDE:
        return 0.0
    return float(boxes.iou(person.box[None], body.box[None])[0, 0])
