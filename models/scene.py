"""What was found in one frame: detections, faces and bodies, together a scene.

Coordinates are pixels of the frame, float32; a pixel (column, row) covers [column, column + 1) x [row, row + 1), x to
the right, y down. Things may reach beyond the frame. All values are immutable: arrays are made read-only here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FACE_POINTS = 468
BODY_POINTS = 33


def _frozen(name: str, value: Floats, shape: tuple[int, ...]) -> Floats:
    array = np.ascontiguousarray(value, np.float32)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, not {shape}")
    if array is value:
        array = array.copy()
    array.setflags(write=False)
    return array


def _check(score: float, track: int) -> None:
    if not 0.0 <= score <= 1.0:
        raise ValueError(f"score {score} is not within 0..1")
    if track < 0:
        raise ValueError(f"track {track} is negative")


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """An object in a box.

    `box`: (4,) x1, y1, x2, y2. `score`: 0..1. `label`: the class's name. `track`: identity over time, positive; 0 where
    things are not followed (single pictures).
    """

    box: Floats
    score: float
    label: str
    track: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", _frozen("box", self.box, (4,)))
        _check(self.score, self.track)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face with its mesh.

    `box`: (4,) x1, y1, x2, y2. `points`: (468, 3) x, y, and z in the scale of x (smaller is nearer to the camera, 0 at
    the head's centre), in MediaPipe's canonical order. `score`: probability that there is a face, 0..1. `track` as in
    `Detection`.
    """

    box: Floats
    score: float
    points: Floats
    track: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", _frozen("box", self.box, (4,)))
        object.__setattr__(self, "points", _frozen("points", self.points, (FACE_POINTS, 3)))
        _check(self.score, self.track)


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A person with a skeleton.

    `box`: (4,) x1, y1, x2, y2 around the visible joints. `points`: (33, 4) x, y, z (scale of x, 0 at the hips' centre),
    visibility 0..1, in BlazePose's order. `world`: (33, 3) metres, origin between the hips. `mask`: (height, width)
    uint8 of the frame, 255 = person, None unless asked for. `score`: probability that there is a body, 0..1.
    """

    box: Floats
    score: float
    points: Floats
    world: Floats
    track: int = 0
    mask: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", _frozen("box", self.box, (4,)))
        object.__setattr__(self, "points", _frozen("points", self.points, (BODY_POINTS, 4)))
        object.__setattr__(self, "world", _frozen("world", self.world, (BODY_POINTS, 3)))
        _check(self.score, self.track)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that was found in one frame, in order of track, then score.

    `looked_for`: the kinds ("objects", "faces", "bodies") and the classes of objects that were looked for, by name: of
    others it is not known that there are none. None where nobody said.
    """

    objects: tuple[Detection, ...] = ()
    faces: tuple[Face, ...] = ()
    bodies: tuple[Body, ...] = ()
    looked_for: frozenset[str] | None = None

    def __bool__(self) -> bool:
        """True where anything at all was found."""
        return bool(self.objects or self.faces or self.bodies)


EMPTY = Scene()
