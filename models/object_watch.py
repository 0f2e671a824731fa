"""Objects as the analyzer sees them: a detector, the tracks of what it finds, and which of it is wanted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.cells import Things
from models.object_detector import ObjectDetector
from models.object_tracks import FAINT, ObjectTracks, Tracked, one_thing
from models.scene import Detection

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SCORE = 0.4
"""Least score of an object, where none is asked for."""

PERSON = "person"


class ObjectWatch:
    """Finds objects in pictures, and follows them from frame to frame. Used by one thread at a time."""

    def __init__(self, detector: ObjectDetector) -> None:
        self._detector = detector
        self._tracks = ObjectTracks(len(detector.labels))
        self._classes: frozenset[str] | None = None
        self._least = np.full(len(detector.labels), SCORE, np.float32)

    @property
    def detector(self) -> ObjectDetector:
        """What finds the objects; with another one, what is followed begins anew, and numbers go on."""
        return self._detector

    @detector.setter
    def detector(self, detector: ObjectDetector) -> None:
        if detector is not self._detector:
            self._detector = detector
            self._tracks.reset(len(detector.labels))

    def want(self, score: float | None, class_scores: Mapping[str, float], classes: frozenset[str] | None) -> None:
        """What is given out: least score (None = the usual one), another for some classes by name, and the names of the
        wanted classes (None = all). Names that the detector does not know are of another one, and mean nothing."""
        usual = SCORE if score is None else score
        self._least = np.array([class_scores.get(name, usual) for name in self._detector.labels], np.float32)
        self._classes = classes

    def begin(self) -> None:
        """Forget what is followed; tracks are counted from 1 again."""
        self._tracks.begin()

    def reset(self) -> None:
        """Forget what is followed; numbers of tracks are not used again."""
        self._tracks.reset()

    def advance(self, pixels: Pixels, time: float) -> Tracked:
        """All that is there in the frame at `time` (s), of every class: what is not wanted keeps its track too."""
        return self.follow(self._detector.find(pixels, FAINT * float(self._least.min(initial=1))), time)

    def follow(self, found: Things, time: float) -> Tracked:
        """The same of what the detector found already."""
        return self._tracks.advance(found, self._least, time)

    def look(self, pixels: Pixels) -> Tracked:
        """All that is there in a still picture, best score first, of every class; tracks are 0."""
        found = self._detector.find(pixels, float(self._least.min(initial=1)))
        boxes, scores, votes = one_thing(found, len(self._detector.labels))
        labels = votes.argmax(axis=1) if len(votes) else np.zeros(0, np.intp)
        sure = scores >= self._least[labels]
        return Tracked(boxes[sure], scores[sure], labels[sure], np.zeros(int(sure.sum()), np.intp))

    def wanted(self, seen: Tracked) -> tuple[Detection, ...]:
        """What a scene shows of it."""
        names = self._detector.labels
        return tuple(
            Detection(box, min(float(score), 1.0), names[place], int(track))
            for box, score, place, track in zip(seen.boxes, seen.scores, seen.classes, seen.tracks, strict=True)
            if self._classes is None or names[place] in self._classes
        )

    def people(self, seen: Tracked) -> Floats:
        """(N, 4) the boxes of people among it, best score first; none where the detector knows no people."""
        if PERSON not in self._detector.labels:
            return np.zeros((0, 4), np.float32)
        people = np.flatnonzero(seen.classes == self._detector.labels.index(PERSON))
        return seen.boxes[people[np.argsort(-seen.scores[people], kind="stable")]]
