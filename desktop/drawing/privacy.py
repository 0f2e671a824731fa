"""Privacy: faces, or things of a class, are hidden in a picture before anything that leaves memory is made of it.

It is done once for a frame, and whatever is stored or sent is made of the result: videos, snapshots, thumbnails. Where
a detector misses a face for a moment the last place is hidden on, larger; between two looks all is hidden that may have
been passed through; and where nothing is known of a frame the whole of it is hidden. It is the best that can be done
with detectors that miss things: it is no promise.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from desktop.drawing.mosaic import Box, How, Pixels, hide_all, hide_parts
from desktop.drawing.places import Key, Places, places_in
from models.scene import FACE_POINTS, Face, Scene

FRESH = 0.5
"""Seconds for which a scene says where things are; a frame without one so young is hidden as a whole."""

HELD = 1.0
"""Seconds for which something followed is hidden where it was last seen, though later looks missed it."""

HELD_LOOSE = 0.5
"""As `HELD`, of what is not followed: whether a later look found it again cannot be told."""

AHEAD = 0.3
"""Seconds before something was first seen for which its place is hidden, as far as that is known in time."""

GROWTH = 0.5
"""How much is hidden around a place that was not seen in this frame: lengths of it per second since or until."""

GROWTH_UNKNOWN = 3.0
"""As `GROWTH`, of what was seen but once, whose speed is not known: a face that is carried past by somebody walking."""

HEADS = ("face", "head")
"""Kinds of places as large as a head; others are about three times as long, and move by less of their length."""

JUMP = 0.5
"""What moved farther than this between two looks, in its own lengths, may have been anywhere between."""

KEPT = 30.0
"""Seconds of scenes that are remembered, for frames that are written late."""

_AGO = 0.5  # seconds: a look longer ago says nothing of speed, and a speed nothing of longer than that


@dataclass(frozen=True, slots=True)
class Hide:
    """What is hidden, and how.

    `faces`: every face, and heads whose face was not found. `labels`: objects of these classes. `how`: "pixelate" and
    "blur" keep a few large cells of colour, "fill" nothing. `margin`: how much is hidden on each side of a thing's box,
    as a part of the box's width and height.
    """

    faces: bool = True
    labels: frozenset[str] = frozenset()
    how: How = "pixelate"
    margin: float = 0.25

    def __post_init__(self) -> None:
        if not self.faces and not self.labels:
            raise ValueError("there is nothing to hide")
        if not 0.0 <= self.margin <= 2.0:
            raise ValueError(f"a margin of {self.margin} is not within 0..2")

    @property
    def kinds(self) -> frozenset[str]:
        """What must be looked for, else whole pictures are hidden: kinds of the analysis, and classes of objects."""
        found = frozenset({"faces"}) if self.faces else frozenset()
        return found | ({"objects"} | self.labels if self.labels else frozenset())


@dataclass(frozen=True, slots=True)
class _Look:
    """One analysed frame: when, of what size (None: unknown), and where things to hide were in it."""

    time: float
    size: tuple[int, int] | None
    places: Places


class Privacy:
    """Hides what `hide` says in the frames of one session or of one file. May be used by several threads.

    `saw` is told every analysed scene, `hidden` gives what may leave memory. Scenes told twice count once.
    """

    def __init__(self, hide: Hide) -> None:
        self.hide = hide
        self._lock = threading.Lock()
        self._times: list[float] = []
        self._looks: list[_Look] = []

    def saw(self, time: float, scene: Scene, size: tuple[int, int] | None = None) -> None:
        """The frame at `time` (seconds, of the clock that `hidden` is asked by) was analysed and `scene` found in it.

        `size`: width and height of that frame; frames of another size are not hidden by what was seen in it.
        """
        places = places_in(scene, faces=self.hide.faces, labels=self.hide.labels)
        if scene.looked_for is not None and not self.hide.kinds <= scene.looked_for:
            places = replace(places, unknown=True)
        look = _Look(time, size, places)
        with self._lock:
            at = bisect_left(self._times, time)
            if at < len(self._times) and self._times[at] == time:
                self._looks[at] = look
                return
            self._times.insert(at, time)
            self._looks.insert(at, look)
            old = bisect_left(self._times, self._times[-1] - KEPT)
            del self._times[:old], self._looks[:old]

    def forget(self) -> None:
        """What was seen has nothing to do with the frames to come."""
        with self._lock:
            self._times.clear()
            self._looks.clear()

    def hidden(self, pixels: Pixels, time: float) -> Pixels:
        """Another picture, in which nothing is left to be recognised of what is to be hidden at `time` (seconds).

        `pixels`: (height, width, 3) BGR uint8. The whole picture is hidden where no frame within the last 0.5 s was
        analysed for it, and where a place cannot be told. Scenes of later frames help, where they were seen already.
        """
        boxes = self.boxes(time, (pixels.shape[1], pixels.shape[0]))
        if boxes is None:
            return hide_all(pixels, self.hide.how)
        return hide_parts(pixels, boxes, self.hide.how)

    def boxes(self, time: float, size: tuple[int, int]) -> list[Box] | None:
        """The parts of a frame of `size` (width, height) that `hidden` hides at `time`; None: all of it."""
        with self._lock:
            first = bisect_left(self._times, time - HELD)
            last = bisect_right(self._times, time + FRESH)
            looks = [look for look in self._looks[first:last] if look.size in (None, size)]
        past = [look for look in looks if look.time <= time]
        if not past or time - past[-1].time > FRESH or past[-1].places.unknown:
            return None
        future = looks[len(past) :]
        return [_wider(box, self.hide.margin) for box in _where(past, future, time)]


def hidden_in(pixels: Pixels, scene: Scene, hide: Hide) -> Pixels:
    """A single picture by itself, in which `scene` was found: another one, with what is to be hidden hidden."""
    privacy = Privacy(hide)
    privacy.saw(0.0, scene)
    return privacy.hidden(pixels, 0.0)


def drawable(scene: Scene, hide: Hide | None, *, face_points: bool = False) -> Scene:
    """The scene whose marks may be drawn on a picture in which `hide` was hidden: faces are boxes there.

    The points of a face are its shape: they would draw what was just hidden. `face_points` leaves them.
    """
    return scene if hide is None or not hide.faces or face_points else faces_as_boxes(scene)


def faces_as_boxes(scene: Scene) -> Scene:
    """The scene whose faces have no points, and are drawn as boxes."""
    if not scene.faces:
        return scene
    return replace(scene, faces=tuple(Face(face.box, face.score, _NO_POINTS, face.track) for face in scene.faces))


_NO_POINTS = np.full((FACE_POINTS, 3), np.nan, np.float32)


def _where(past: Sequence[_Look], future: Sequence[_Look], time: float) -> Iterable[Box]:
    """All places that a thing to hide may be in at `time`, told by the looks up to then and those after."""
    before = _sightings(past)
    after = _sightings(future)
    following = future[0].time if future else time
    for key in before | after:
        earlier, later = before.get(key, []), after.get(key, [])
        growth = GROWTH if key[0] in HEADS else GROWTH / 3
        if not key[1]:
            loose = [one for one in earlier if time - one[0] <= HELD_LOOSE]
            yield from (_grown(box, abs(time - at), growth) for at, box in loose + later[:1] if box is not None)
            continue
        last, next_ = (earlier[-1] if earlier else None), (later[0] if later else None)
        gone = last is None or last[1] is None
        if last is not None and last[1] is not None:
            if last[0] == time:
                yield last[1]
            elif next_ is not None and next_[1] is not None:
                yield _between(last[0], last[1], next_[0], next_[1], time, growth)
            else:
                yield _gone_on(earlier, time, growth)
        if gone and next_ is not None and next_[1] is not None and next_[0] <= max(time + AHEAD, following):
            yield _grown(next_[1], next_[0] - time, growth)


_Sighting = tuple[float, Box | None]


def _sightings(looks: Sequence[_Look]) -> dict[Key, list[_Sighting]]:
    """When and where each thing was seen, in order; None where something else stands for it."""
    found: dict[Key, list[_Sighting]] = {}
    for look in looks:
        for key, box in look.places.boxes:
            found.setdefault(key, []).append((look.time, box))
        for key in look.places.settled:
            found.setdefault(key, []).append((look.time, None))
    return found


def _between(t0: float, before: Box, t1: float, after: Box, time: float, growth: float) -> Box:
    """Where it is on its way; all of the way where it jumped or was not seen for long."""
    if _distance(before, after) > JUMP * min(_length(before), _length(after)) or t1 - t0 > FRESH:
        return _hull(before, after)
    share = (time - t0) / (t1 - t0)
    box = _mixed(before, after, share)
    return _grown(box, min(time - t0, t1 - time), growth)


def _gone_on(sightings: Sequence[_Sighting], time: float, growth: float) -> Box:
    """Where it was last seen and where its speed would have brought it, the more around it the longer ago that was."""
    at, box = sightings[-1]
    assert box is not None
    age = time - at
    before = sightings[-2] if len(sightings) > 1 else None
    if before is None or before[1] is None or at - before[0] > _AGO:
        return _grown(box, age, growth * GROWTH_UNKNOWN / GROWTH)
    reached = _centred(box, _mixed(before[1], box, 1 + min(age, _AGO) / (at - before[0])))
    return _grown(_hull(box, reached), age, growth)


def _centred(box: Box, at: Box) -> Box:
    """The box, moved to the middle of another."""
    x, y = ((at[0] + at[2]) - (box[0] + box[2])) / 2, ((at[1] + at[3]) - (box[1] + box[3])) / 2
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def _mixed(one: Box, other: Box, share: float) -> Box:
    x1, y1, x2, y2 = (a + share * (b - a) for a, b in zip(one, other, strict=True))
    return x1, y1, x2, y2


def _hull(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _length(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _distance(one: Box, other: Box) -> float:
    """The farther of how far the two corners are apart: growing is moving, too."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _grown(box: Box, seconds: float, growth: float) -> Box:
    more = growth * min(seconds, _AGO) * _length(box)
    return box[0] - more, box[1] - more, box[2] + more, box[3] + more


def _wider(box: Box, margin: float) -> Box:
    across, down = margin * (box[2] - box[0]), margin * (box[3] - box[1])
    return box[0] - across, box[1] - down, box[2] + across, box[3] + down
