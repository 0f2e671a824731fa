"""Who is who from frame to frame: observed boxes are given the numbers of tracks.

A track is a number, a box, a speed and the time it was last seen. An observation goes to the track whose predicted
place and size it fits best; a track that a landmark region was handed on from is preferred for what was found in that
region, unless another fits clearly better, as when two people cross. A lost track is kept for a while, its place
widening with time, so that a return close by regains its number. Times are measured, never counted in frames.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models import boxes as geometry

Floats = NDArray[np.float32]

MEMORY = 3.0
"""Seconds that a lost track is kept."""

REACH = 0.75
"""Farthest from its predicted place, in lengths of its box, that a track seen a moment ago is looked for."""

HANDED_ON = 0.35
"""What is taken off the cost where an observation was found in the region that its track handed on."""

SIZE_WEIGHT = 0.5
"""Cost of a size that differs by a factor e, against 1 for a length of distance."""

SPEED_MEMORY = 0.15
"""Seconds over which the speed is averaged."""

COASTING = 0.7
"""Seconds for which a lost track is thought to keep its speed; then it is thought to stand."""


@dataclass(slots=True)
class Track:
    """One thing over time. `box` (4,) when last seen at `time` (s); `speed` (2,) of its centre, pixels per second."""

    number: int
    box: Floats
    time: float
    speed: Floats = field(default_factory=lambda: np.zeros(2, np.float32))
    born: float = 0.0
    held: bool = True

    @property
    def size(self) -> float:
        return max(float(geometry.sizes(self.box)), 1.0)

    def centre_at(self, time: float) -> Floats:
        """Where its centre is thought to be at `time`."""
        return np.asarray(geometry.centres(self.box) + self.speed * min(time - self.time, COASTING), np.float32)

    def see(self, box: Floats, time: float) -> None:
        """It was seen at `time` in `box`."""
        step = time - self.time
        if step > 0:
            speed = (geometry.centres(box) - geometry.centres(self.box)) / step
            share = 1.0 if step > MEMORY else 1 - float(np.exp(-step / SPEED_MEMORY))
            self.speed = np.asarray(self.speed + share * (speed - self.speed), np.float32)
        self.box, self.time, self.held = box, time, True


class Tracker:
    """Keeps the tracks of one kind of thing. Numbers rise and are not used again, after `reset` neither.

    `growth`: how far such things get in a second, in lengths of their boxes: where a lost one is looked for.
    """

    def __init__(self, growth: float = 0.5) -> None:
        self._growth = growth
        self.tracks: list[Track] = []
        self._next = 1

    def reset(self) -> None:
        """Forget all tracks, but not which numbers were used."""
        self.tracks = []

    def begin(self) -> None:
        """Forget all tracks, and count from 1 again."""
        self.reset()
        self._next = 1

    def cost(self, track: Track, boxes: Floats, time: float) -> Floats:
        """(N, 4) -> (N,): how badly boxes fit a track: distance and change of size in its own lengths; inf: not at
        all.
        """
        unseen = max(time - track.time, 0.0)
        sizes = np.maximum(geometry.sizes(boxes), 1.0)
        away = np.linalg.norm(geometry.centres(boxes) - track.centre_at(time), axis=1)
        distance = away / np.maximum((sizes + track.size) / 2, 1.0)
        cost = distance + SIZE_WEIGHT * np.abs(np.log(sizes / track.size))
        return np.where(distance <= REACH + self._growth * unseen, cost, np.inf).astype(np.float32)

    def update(self, boxes: Floats, owners: list[int], time: float) -> list[Track]:
        """The tracks of the observed `boxes` (N, 4) at `time` (s), new ones where none fits.

        `owners`: for each box the number of the track whose region it was found in, 0 where a detector found it.
        """
        self.tracks = [track for track in self.tracks if track.held or time - track.time <= MEMORY]
        if len(boxes) == len(self.tracks) == 1 and owners == [self.tracks[0].number]:  # nobody else to compare with
            self.tracks[0].see(boxes[0], time)
            return list(self.tracks)
        assigned: list[Track | None] = [None] * len(boxes)
        if len(boxes) and self.tracks:
            costs = np.stack([self.cost(track, boxes, time) for track in self.tracks])
            for row, track in enumerate(self.tracks):
                own = np.array([owner == track.number for owner in owners])
                costs[row, own] = np.minimum(costs[row, own], 2 * REACH) - HANDED_ON
            while np.isfinite(costs).any():
                row, column = divmod(int(np.argmin(costs)), costs.shape[1])
                assigned[column] = self.tracks[row]
                costs[row, :] = np.inf
                costs[:, column] = np.inf
        seen = []
        for box, known in zip(boxes, assigned, strict=True):
            track = known if known is not None else self._born(box, time)
            track.see(box, time)
            seen.append(track)
        for track in self.tracks:
            track.held = any(track is other for other in seen)
        return seen

    def _born(self, box: Floats, time: float) -> Track:
        track = Track(self._next, box, time, born=time)
        self._next += 1
        self.tracks.append(track)
        return track
