"""Where things were on a frame that nobody looked at, known from the scenes before and after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from desktop.recordings.carry import CARRIED
from models.scene import Body, Detection, Face, Scene

FARTHEST = CARRIED
"""Seconds that two scenes may lie apart for what is between them to be told: farther apart, the one before is held."""

_VISIBILITY = 3  # its column in a body's points

Thing = TypeVar("Thing", Detection, Face, Body)
Floats = NDArray[np.float32]


def between(before: Scene, t0: float, after: Scene, t1: float, t: float) -> Scene:
    """The scene at `t`, of which `before` was seen at `t0` and `after` at `t1` (seconds of one clock, t0 <= t <= t1).

    What is in both as the same kind and track has moved evenly: boxes, points and scores are mixed by time; a point is
    as visible as where it was less visible; an object has the name that is nearer in time; masks are left out. What is
    in `before` alone stays where it was for as long as `Carry` would hold it, what is in `after` alone is not there
    yet. The order is that of `before`. Both scenes are in pixels of pictures of one size. Exact at `t0` and `t1`.
    """
    weight = min(1.0, max(0.0, (t - t0) / (t1 - t0))) if t1 > t0 else 0.0
    held = t - t0 <= CARRIED + 1e-9
    return Scene(
        _mixed(before.objects, after.objects, weight, held, _object),
        _mixed(before.faces, after.faces, weight, held, _face),
        _mixed(before.bodies, after.bodies, weight, held, _body),
    )


def _mixed(
    before: Sequence[Thing],
    after: Sequence[Thing],
    weight: float,
    held: bool,
    mix: Callable[[Thing, Thing, float], Thing],
) -> tuple[Thing, ...]:
    later = {thing.track: thing for thing in after if thing.track}  # 0 is the track of what is not followed
    return tuple(
        mix(thing, later[thing.track], weight) if thing.track in later else thing
        for thing in before
        if held or thing.track in later
    )


def _object(before: Detection, after: Detection, weight: float) -> Detection:
    label = before.label if weight < 0.5 else after.label
    return Detection(_even(before.box, after.box, weight), _score(before, after, weight), label, before.track)


def _face(before: Face, after: Face, weight: float) -> Face:
    return replace(
        before,
        box=_even(before.box, after.box, weight),
        score=_score(before, after, weight),
        points=_even(before.points, after.points, weight),
    )


def _body(before: Body, after: Body, weight: float) -> Body:
    points = _even(before.points, after.points, weight)
    points[:, _VISIBILITY] = np.minimum(before.points[:, _VISIBILITY], after.points[:, _VISIBILITY])
    return replace(
        before,
        box=_even(before.box, after.box, weight),
        score=_score(before, after, weight),
        points=points,
        world=_even(before.world, after.world, weight),
        mask=None,
    )


def _even(before: Floats, after: Floats, weight: float) -> Floats:
    """Mixed in float64, so that what did not move stays exactly where it is."""
    with np.errstate(invalid="ignore"):  # what is not finite in either stays so
        mixed = before.astype(np.float64) * (1.0 - weight) + after.astype(np.float64) * weight
    return mixed.astype(np.float32)


def _score(before: Thing, after: Thing, weight: float) -> float:
    return min(1.0, max(0.0, before.score * (1.0 - weight) + after.score * weight))
