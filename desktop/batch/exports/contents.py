"""What a sidecar holds, for those who export it: its inputs one after the other, and in each what was found when.

A sidecar is read once to know what there is, and again by each format as often as it needs to: nothing of it is kept,
so that hours of video need no more memory than a second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from desktop.recordings.pixels import Size
from desktop.recordings.sidecar_inputs import is_picture, numbered
from desktop.recordings.sidecar_reader import End, Entry, Line
from models.errors import RecordingError
from models.scene import Scene

Floats = NDArray[np.float32]

_FORBIDDEN = re.compile(r'^\.+|[<>:"/\\|?*\x00-\x1f\ud800-\udfff]')
"""What no name of a file may hold, on one system or another."""

_ORDER = {"object": 0, "face": 1, "body": 2}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is exported: which kinds, which classes of objects (none named: all), and whether the points are."""

    objects: bool = True
    faces: bool = True
    bodies: bool = True
    classes: frozenset[str] = frozenset()
    points: bool = True


@dataclass(frozen=True, slots=True)
class Input:
    """One video or picture. `name`: the input's, "" in a recording's own sidecar.

    `stem`: fit for the name of a file, and no other input's. `size`: None where no line tells it.
    """

    name: str
    stem: str
    size: Size | None
    picture: bool


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """One thing found. `kind`: object, face or body; `label`: an object's class, else its kind.

    `points`: None where there are none or none are wanted; of a face (468, 3), of a body (33, 4) with visibility.
    """

    kind: str
    label: str
    track: int
    score: float
    box: Floats
    points: Floats | None = None
    world: Floats | None = None


Seen = tuple[Input, Line, tuple[Thing, ...]]


class Contents:
    """A sidecar that can be read again and again.

    `read` gives its entries anew with each call; `name`: what it is called, the stem of its file. `inputs` are those
    that it tells of, `labels` the (kind, label) of all that is wanted, objects first, `frames` how many were analysed,
    `cut` the names of videos without an end line. Raises RecordingError where it is damaged or holds no frame.
    """

    def __init__(self, read: Callable[[], Iterator[Entry]], name: str, choice: Choice | None = None) -> None:
        self._read, self.name = read, name
        self.choice = choice or Choice()
        self.inputs: list[Input] = []
        self.frames = 0
        stems = _Stems(name)
        ended: list[bool] = []
        labels: set[tuple[str, str]] = set()
        for number, entry in numbered(read()):
            if number == len(self.inputs):
                picture, size = is_picture(entry), None if isinstance(entry, End) else entry.size
                self.inputs.append(Input(entry.file or "", stems(entry.file), size, picture))
                ended.append(picture)
            if isinstance(entry, End):
                ended[number] = True
            elif isinstance(entry, Line) and entry.scene is not None:
                self.frames += 1
                labels.update((thing.kind, thing.label) for thing in _things(entry.scene, self.choice))
        if not self.inputs:
            raise RecordingError(f"{name} holds no frame: there is nothing to export.")
        self.labels = sorted(labels, key=lambda one: (_ORDER[one[0]], one[1]))
        self.cut = [one.name or name for one, end in zip(self.inputs, ended, strict=True) if not end]

    def lines(self) -> Iterator[tuple[Input, Line]]:
        """Every frame in order, analysed or not, with its input."""
        for number, entry in numbered(self._read()):
            if number >= len(self.inputs):
                raise RecordingError(f"{self.name} is still being written: export it when it is whole.")
            if isinstance(entry, Line):
                yield self.inputs[number], entry

    def analysed(self) -> Iterator[Seen]:
        """Every frame that was looked at, with what was found in it and is wanted."""
        for source, line in self.lines():
            if line.scene is not None:
                yield source, line, tuple(_things(line.scene, self.choice))

    def size_of(self, source: Input) -> Size:
        """Its size. Raises RecordingError where nothing tells it, for formats that cannot do without."""
        if source.size is None:
            raise RecordingError(
                f"{self.name} does not tell the size of {source.name or 'the video'}, its first line is missing: "
                "export it as csv, mot or webvtt."
            )
        return source.size


def frame_name(source: Input, line: Line) -> str:
    """What a frame is called as a picture of its own, without suffix: STEM, or STEM_000012 in a video."""
    return source.stem if source.picture else f"{source.stem}_{line.frame:06d}"


def number(value: float, digits: int = 3) -> str:
    """A number as text, without needless digits; "" for what is not finite."""
    if not math.isfinite(value):
        return ""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def clipped(box: Floats, size: Size) -> tuple[float, float, float, float] | None:
    """The part of a box that lies in the picture: x1, y1, x2, y2; None where there is none."""
    x1, y1, x2, y2 = (float(value) for value in box)
    left, top, right, bottom = max(0.0, x1), max(0.0, y1), min(float(size[0]), x2), min(float(size[1]), y2)
    return (left, top, right, bottom) if left < right and top < bottom else None  # False for NaN as well


def one_line(text: str) -> str:
    """A name without line breaks, for formats in which one ends an entry."""
    return " ".join(text.split())


def _things(scene: Scene, choice: Choice) -> Iterator[Thing]:
    if choice.objects:
        for one in scene.objects:
            if not choice.classes or one.label in choice.classes:
                yield Thing("object", one.label, one.track, one.score, one.box)
    if choice.faces:
        for face in scene.faces:
            points = face.points if choice.points and np.isfinite(face.points).any() else None
            yield Thing("face", "face", face.track, face.score, face.box, points)
    if choice.bodies:
        for body in scene.bodies:
            points, world = (body.points, body.world) if choice.points else (None, None)
            yield Thing("body", "body", body.track, body.score, body.box, points, world)


class _Stems:
    """Gives each input the stem of its name, a second one of the same NAME-2."""

    def __init__(self, default: str) -> None:
        self._default = default
        self._taken: set[str] = set()

    def __call__(self, name: str | None) -> str:
        stem = _FORBIDDEN.sub("_", PurePath((name or "").replace("\\", "/")).stem) or self._default
        number = 1
        while (own := stem if number == 1 else f"{stem}-{number}").lower() in self._taken:
            number += 1
        self._taken.add(own.lower())  # some file systems do not tell upper case from lower
        return own
