"""Following the things of one kind through a moving picture.

Each thing's next region comes from its own points, so the detector is needed only to find newcomers and what was
lost: it looks while nothing is followed, for a moment after a loss, and every so often, in turn at the whole picture
and at one finer part of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models import stills
from models.kinds import Found, Kind
from models.regions import Region
from models.smoothing import OneEuro
from models.tracking import MEMORY, Track, Tracker

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

PERIOD = 0.25
"""Seconds between two looks of the detector while all is well."""

ALARM = 0.3
"""Seconds after a loss during which the detector looks twice at every frame: at the whole picture and at a part."""

RETURNING = 0.2
"""Part of the usual confidence that is enough for a newcomer while somebody is missed."""

TRIES = 2
"""Boxes of people that are tried at a time, each `PERIOD`: the landmark network runs twice for each."""

NEAR, ALIKE = 0.12, 0.4
"""A proposed region is taken as a known one: distance of the middles in widths, difference of the widths'
logarithms.
"""

AXIS_SMOOTHING = (0.01, 10.0)
"""One-Euro of the points that the next region is cut by (cut-off in Hz, beta), from MediaPipe's
`pose_landmark_filtering`.
"""

WORLD_SMOOTHING = (0.1, 40.0)
"""One-Euro of points in metres, from the same graph."""

VISIBILITY_SMOOTHING = (1.5, 5.0)
"""One-Euro of visibilities: a flicker of one frame does not show, a change of a quarter of a second does."""


@dataclass(slots=True, eq=False)
class Seen:
    """What one frame shows of a followed thing: `found` (as measured), its track, and its smoothed points and world."""

    found: Found
    track: int
    points: Floats
    world: Floats


class Follower:
    """A thing being followed: where to look for it next, and the filters that smooth what is seen of it."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._place = OneEuro(kind.least_cutoff, kind.beta)
        self._visibility = OneEuro(*VISIBILITY_SMOOTHING)
        self._world = OneEuro(*WORLD_SMOOTHING)
        self._axis = OneEuro(*AXIS_SMOOTHING)
        self.region: Region | None = None

    def see(self, found: Found, track: int, time: float, *, smooth: bool) -> Seen:
        """Take in what was found at `time` (s)."""
        points, world = found.points, found.world
        if smooth:
            places = self._place(points[:, :3], time, found.size)
            points = np.concatenate([places, self._visibility(points[:, 3:], time)], axis=1)
            world = self._world(world, time)
        self.region = self._kind.next_region(found, self._axis(found.axis, time, found.size))
        return Seen(found, track, points, world)


@dataclass(slots=True, eq=False)
class Followers:
    """All followed things of one kind. `most`: how many at a time; `threshold`: least score; `smooth`: One-Euro or
    not.
    """

    kind: Kind
    most: int = 4
    threshold: float | None = None
    smooth: bool = True
    period: float = PERIOD
    tracker: Tracker = field(init=False)
    _followers: dict[int, Follower] = field(default_factory=dict)
    _looked: float = -np.inf
    _lost: float = -np.inf
    _looks: int = 0
    _tried: float = -np.inf
    _tries: int = 0

    def __post_init__(self) -> None:
        self.tracker = Tracker(self.kind.stride)

    def begin(self) -> None:
        """Forget everybody; tracks are counted from 1 again."""
        self.reset()
        self.tracker.begin()

    def reset(self) -> None:
        """Forget everybody; numbers of tracks are not used again."""
        self.tracker.reset()
        self._followers.clear()
        self._looks = 0
        self._looked = self._lost = self._tried = -np.inf

    def advance(self, pixels: Pixels, time: float, people: Floats | None = None) -> list[Seen]:
        """Everything seen in the frame at `time` (s), in order of track.

        `people` (N, 4): boxes in which a detector of objects sees people: newcomers are looked for there too.
        """
        least = self.kind.landmark_threshold if self.threshold is None else self.threshold
        followed = [
            (number, f.region) for number, f in self._followers.items() if f.region is not None and f.region.sound
        ]
        found = self.kind.refine(pixels, [region for _, region in followed])
        held = [(one, number) for one, (number, _) in zip(found, followed, strict=True) if one.score >= least]
        held = self._without_doubles(held, time)
        if len(held) < len(followed):
            self._lost = time
        if len(held) < self.most and self._must_look(held, time):
            self._looked = time
            held = self._with_newcomers(pixels, held, least, time)
        if people is not None and len(held) < self.most and not 0 <= time - self._tried < self.period:
            held += [(one, 0) for one in self._in_boxes(pixels, people, held, least, time)]
        held = held[: self.most]
        known_by = np.array([one.known_by for one, _ in held], np.float32).reshape(-1, 4)
        tracks = self.tracker.update(known_by, [number for _, number in held], time)
        return self._hand_on([one for one, _ in held], tracks, time)

    def _must_look(self, held: list[tuple[Found, int]], time: float) -> bool:
        return not held or time - self._lost <= ALARM or not 0 <= time - self._looked < self.period

    def _without_doubles(self, held: list[tuple[Found, int]], time: float) -> list[tuple[Found, int]]:
        """Of two followers that came to lie on one thing, the one whose movement leads there stays."""
        if len(held) < 2:
            return held
        tracks = {track.number: track for track in self.tracker.tracks}
        fit = [float(self.tracker.cost(tracks[number], one.known_by[None], time)[0]) for one, number in held]
        kept: list[tuple[Found, int]] = []
        for place in np.argsort(fit, kind="stable"):
            if not any(self.kind.same(held[place][0], other) for other, _ in kept):
                kept.append(held[place])
        return kept

    def _with_newcomers(
        self, pixels: Pixels, held: list[tuple[Found, int]], least: float, time: float
    ) -> list[tuple[Found, int]]:
        """`held`, and things that the detector sees and nobody follows, best first, as many as there is room for.

        Who was lost a moment ago, half covered perhaps, is let in more easily than a stranger. Of a thing that ran half
        out of the region handed on, the edge that was found there gives way to what the detector sees, with no owner:
        it is the track's again, by its place.
        """
        confident = least if time - self._lost > MEMORY else RETURNING * least
        windows = self._windows(pixels, both=time - self._lost <= ALARM)
        pointed_at = stills.propose(self.kind, pixels, windows, min(self.kind.detector_threshold, least))
        known = [self.kind.next_region(one) for one, _ in held]
        proposed = [pair for pair in pointed_at if not _among(pair[1], known)][: self.most - len(held)]
        refined = self.kind.refine(pixels, [place for _, place in proposed], weigh=True)
        seen = [one for one, _ in held]
        fresh: list[Found] = []
        confirmed = [_among(place, [place for _, place in pointed_at]) for place in known]
        for (score, _), one in zip(proposed, refined, strict=True):
            if one.score < least or self.kind.confidence(score, one, one) < confident:
                continue
            followed = [self.kind.same(one, other) for other in seen]
            confirmed = [was or now for was, now in zip(confirmed, followed, strict=True)]
            if not any(followed) and not any(self.kind.same(one, other) for other in fresh):
                fresh.append(one)
        gone = [
            not sure and any(self.kind.run_out(one, other) for other in fresh)
            for sure, one in zip(confirmed, seen, strict=True)
        ]
        return [pair for pair, left in zip(held, gone, strict=True) if not left] + [(one, 0) for one in fresh]

    def _in_boxes(
        self, pixels: Pixels, people: Floats, held: list[tuple[Found, int]], least: float, time: float
    ) -> list[Found]:
        """Those seen in a few of the boxes of people in which nobody is followed, which take turns."""
        missed = [box for box in people if not any(self.kind.within(one, box) for one, _ in held)]
        if not missed:
            return []
        self._tried = time
        self._tries += TRIES
        turn = [missed[(self._tries + place) % len(missed)] for place in range(min(TRIES, len(missed)))]
        looked_at = [place for place in self.kind.regions_in(np.stack(turn)) if place.sound]
        looked_at = [self.kind.next_region(one) for one in self.kind.refine(pixels, looked_at)]  # now by its own points
        fresh: list[Found] = []
        for one in self.kind.refine(pixels, [place for place in looked_at if place.sound], weigh=True):
            sure = one.score >= least and self.kind.confidence(stills.UNTOLD, one, one) >= least
            placed = any(self.kind.within(one, box) for box in turn)
            if sure and placed and not any(self.kind.same(one, other) for other in [*(one for one, _ in held), *fresh]):
                fresh.append(one)
        return fresh[: self.most - len(held)]

    def _windows(self, pixels: Pixels, *, both: bool) -> list[Region]:
        """Where the detector looks for newcomers: at the whole picture and at its parts in turn, or at two at once."""
        height, width = pixels.shape[:2]
        whole, *parts = stills.windows(width, height, scales=1)
        self._looks += 2 if both else 1
        part = parts[self._looks // 2 % len(parts)] if parts else whole
        if both:
            return [whole, part]
        return [whole if self._looks % 2 else part]

    def _hand_on(self, found: list[Found], tracks: list[Track], time: float) -> list[Seen]:
        """Give what was found to the followers of its tracks; who was not seen starts afresh when it is found again."""
        known, self._followers = self._followers, {}
        seen = []
        for one, track in zip(found, tracks, strict=True):
            follower = known.get(track.number) or Follower(self.kind)
            self._followers[track.number] = follower
            seen.append(follower.see(one, track.number, time, smooth=self.smooth))
        return sorted(seen, key=lambda one: one.track)


def _among(place: Region, known: list[Region]) -> bool:
    """Whether a proposed region is that of something already known: as good as the same middle and size."""
    return any(
        math.hypot(place.x - other.x, place.y - other.y) < NEAR * other.width
        and abs(math.log(place.width / max(other.width, 1.0))) < ALIKE
        for other in known
    )
