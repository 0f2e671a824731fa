"""Objects from frame to frame: the boxes of a detector become tracks.

After ByteTrack (Zhang et al., arXiv:2110.06864, section 3 and algorithm 1): sure boxes are matched with the tracks
first; unsure ones then keep alive the tracks that are left, and begin none. Here, besides,

- time is measured, never counted in frames: the analyzer looks when it can;
- boxes that lie on one another are one thing with several names, and the name is put to the vote over time, so that a
  flickering label neither breaks a track nor shows;
- a third look matches what moved too far to overlap, its box widened (Yang et al., "Hard to Track Objects with
  Irregular Motions and Similar Appearances? Make It Easier by Buffering the Matching Space", arXiv:2211.14317, section
  3.2);
- a thing shows once it was seen often or surely enough, and until it is seen far less surely: scores that hover at the
  threshold do not blink.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import boxes as geometry
from models import smoothing
from models.cells import Things
from models.matching import pairs
from models.motion import Motion

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]

MEMORY = 1.0
"""Seconds after which a track that is not seen is forgotten."""

PAUSE = 3.0
"""Seconds between two frames after which nothing is known any more: what was seen then is not looked for."""

FAINT = 0.25
"""Share of the least wanted score that is enough to keep a track alive."""

SURE = 0.7
"""Score at which a thing shows at once; others are seen in two frames first."""

CLEAR, PROVED = 1.25, 0.3
"""Two frames are enough for a thing with this many times the least score; any other has to be seen for so many seconds
(ByteTrack begins tracks from a higher score too)."""

STAYING = 0.6
"""Share of the least wanted score above which a thing that shows stays."""

HELD = 0.3
"""Seconds for which a thing shows where it is thought to be while the detector misses it."""

SCORE_MEMORY = 0.8
"""Seconds over which a score is averaged."""

RETURNED = 0.5
"""How much the first score counts of what was lost and is found again; all, where it is sure."""

VOTE_MEMORY = 30.0
"""Seconds over which names are voted on."""

OUTVOTED = 1.5
"""Another name is taken when it has this many times the votes of the one that shows."""

ONE_THING = 0.8
"""Intersection over union from which boxes of different classes are names of one thing."""

FITS, FITS_FAINT, FITS_WIDENED = 0.2, 0.5, 0.3
"""Least intersection over union of a box with where its track is thought to be: sure boxes, unsure ones (ByteTrack's)
and widened ones."""

WIDENED, WIDENED_MORE = 0.3, 0.5
"""How far boxes are widened on each side, in their sides, and how much further for each second since they were seen."""

OTHER_NAME, NEW, LOST = 0.15, 0.2, 0.1
"""What is added to the cost where the names differ, where a track is not confirmed, and where it was not seen in the
last frame."""

BEHIND = 0.5
"""Intersection over union from which what is missed is behind what is seen, and does not show."""

STILL_CUTOFF, MOVING_CUTOFF, STILL = 0.4, 12.0, 0.08
"""Smoothing of boxes: cut-off in Hz of what stands still, what each size per second of speed adds, and the speed in
sizes per second up to which it is the detector's unrest."""


@dataclass(slots=True, eq=False)
class _Known:
    """All that is known of N tracks. `number`: 0 until it is confirmed. `shown` (N, 4): its smoothed box. `score`: the
    average. `votes` (N, classes). `label`: place in the classes. `seen`, `born`: when last and when first, s. `looks`:
    how often it was seen. `held`: seen in the last frame. `shows`: whether it is given out."""

    number: Places
    shown: Floats
    score: Floats
    votes: Floats
    label: Places
    seen: NDArray[np.float64]
    born: NDArray[np.float64]
    looks: Places
    held: Flags
    shows: Flags

    @classmethod
    def none(cls, classes: int) -> _Known:
        """Of nothing."""
        empty, places, flags = np.zeros(0, np.float32), np.zeros(0, np.intp), np.zeros(0, bool)
        times = np.zeros(0, np.float64)
        votes = np.zeros((0, classes), np.float32)
        return cls(places, empty.reshape(0, 4), empty, votes, places, times, times, places, flags, flags)

    def _arrays(self) -> list[Any]:
        return [getattr(self, name) for name in self.__slots__]

    def pick(self, which: Flags | Places) -> _Known:
        """Some of them."""
        return _Known(*(array[which] for array in self._arrays()))

    def joined(self, other: _Known) -> _Known:
        """These, then the others."""
        return _Known(*(np.concatenate(two) for two in zip(self._arrays(), other._arrays(), strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """What is there, in order of track: `boxes` (N, 4) in pixels, `scores` (N,), `classes` (N,) and `tracks` (N,)."""

    boxes: Floats
    scores: Floats
    classes: Places
    tracks: Places

    def __len__(self) -> int:
        return len(self.tracks)


class ObjectTracks:
    """Keeps the tracks of the objects of one session. Numbers rise and are not used again, after `reset` neither.

    `classes`: how many the detector tells apart.
    """

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._next = 1
        self.reset()

    def begin(self) -> None:
        """Forget all tracks, and count from 1 again."""
        self.reset()
        self._next = 1

    def reset(self, classes: int | None = None) -> None:
        """Forget all tracks, but not which numbers were used; `classes`: of another detector."""
        self._classes = self._classes if classes is None else classes
        self._known = _Known.none(self._classes)
        self._motion = Motion.of(np.zeros((0, 4), np.float32))
        self._time: float | None = None

    def advance(self, found: Things, least: Floats, time: float) -> Tracked:
        """What is there at `time` (s). `found`: what the detector saw, down to `FAINT` of the least score; `least`
        (classes,): the least score that is wanted of each class."""
        step = 0.0 if self._time is None else max(time - self._time, 0.0)
        self._time = time if self._time is None else max(time, self._time)
        self._forget(step)
        self._motion.go_on(step, ~self._known.held)
        boxes, scores, votes = one_thing(found, self._classes)
        labels = votes.argmax(axis=1) if len(votes) else np.zeros(0, np.intp)
        sure = scores >= least[labels]
        rows, columns = self._match(boxes, labels, sure)
        self._see(rows, boxes[columns], scores[columns], votes[columns], step)
        self._miss(rows, step)
        fresh = sure.copy()
        fresh[columns] = False
        self._bear(boxes[fresh], scores[fresh], votes[fresh])
        return self._give(least)

    def _forget(self, step: float) -> None:
        assert self._time is not None
        known = self._known
        unseen = self._time - known.seen
        kept = np.where(known.held, step <= PAUSE, (unseen <= MEMORY) & (known.number > 0))
        self._keep(kept)

    def _keep(self, kept: Flags) -> None:
        if not kept.all():
            self._known, self._motion = self._known.pick(kept), self._motion.pick(kept)

    def _match(self, boxes: Floats, labels: Places, sure: Flags) -> tuple[Places, Places]:
        """Rows of tracks and columns of boxes that are of one thing."""
        known, places = self._known, self._motion.boxes
        if not len(known.number) or not len(boxes):
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        overlap = geometry.iou(places, boxes)
        extra = (
            OTHER_NAME * (known.label[:, None] != labels) + (NEW * (known.number == 0) + LOST * ~known.held)[:, None]
        )
        free = np.ones(len(known.number), bool), np.ones(len(boxes), bool)
        found = [_pairs(overlap, extra, FITS, *free, sure)]
        self._take(free, found[-1])
        found.append(_pairs(overlap, extra, FITS_FAINT, *free, ~sure))
        self._take(free, found[-1])
        if free[0].any() and (free[1] & sure).any():
            wide = self._widened(places, boxes, labels)
            found.append(_pairs(wide, extra, FITS_WIDENED, *free, sure))
        return np.concatenate([rows for rows, _ in found]), np.concatenate([columns for _, columns in found])

    @staticmethod
    def _take(free: tuple[Flags, Flags], taken: tuple[Places, Places]) -> None:
        free[0][taken[0]] = False
        free[1][taken[1]] = False

    def _widened(self, places: Floats, boxes: Floats, labels: Places) -> Floats:
        """(N, M) intersection over union of widened boxes, 0 where sizes or names do not fit."""
        assert self._time is not None
        known = self._known
        more = WIDENED + WIDENED_MORE * (self._time - known.seen)
        wide = geometry.iou(_wider(places, more), _wider(boxes, np.full(len(boxes), WIDENED)))
        ratio = np.abs(np.log(self._motion.sizes[:, None] / np.maximum(Motion.of(boxes).sizes, 1)))
        fits = (ratio < np.log(1.6)) & (known.label[:, None] == labels)
        return np.where(fits, wide, 0).astype(np.float32)

    def _see(self, rows: Places, boxes: Floats, scores: Floats, votes: Floats, step: float) -> None:
        assert self._time is not None
        known, motion = self._known, self._motion
        known.votes *= np.float32(np.exp(-step / VOTE_MEMORY))
        if not len(rows):
            return
        motion.see(rows, boxes)
        speed = np.abs(motion.speeds[rows]).max(axis=1) / motion.sizes[rows]
        cutoff = (STILL_CUTOFF + MOVING_CUTOFF * np.maximum(speed - STILL, 0)).astype(np.float32)
        share = smoothing.smoothing_factor(
            max(self._time - float(known.seen[rows].min()), smoothing.LEAST_STEP), cutoff
        )
        known.shown[rows] += share[:, None] * (boxes - known.shown[rows])
        known.looks[rows] += 1
        counts = np.maximum(1 / known.looks[rows], 1 - np.exp(-step / SCORE_MEMORY))
        counts = np.where(known.held[rows], counts, np.maximum(counts, np.where(scores >= SURE, 1, RETURNED)))
        known.score[rows] += (counts * (scores - known.score[rows])).astype(np.float32)
        known.votes[rows] += votes
        known.seen[rows] = self._time
        known.held[rows] = True
        current = known.votes[rows, known.label[rows]]
        best = known.votes[rows].argmax(axis=1)
        outvoted = known.votes[rows, best] > OUTVOTED * current
        known.label[rows] = np.where(outvoted, best, known.label[rows])

    def _miss(self, rows: Places, step: float) -> None:
        """The other tracks were not seen: they go on unseen, and what shows of them with them."""
        known = self._known
        missed = np.ones(len(known.number), bool)
        missed[rows] = False
        known.held[missed] = False
        known.score[missed] *= np.float32(np.exp(-step / SCORE_MEMORY))
        speeds = self._motion.speeds[missed]
        moving = np.abs(speeds).max(axis=1, initial=0) > STILL * self._motion.sizes[missed]
        shift = np.tile(speeds[:, :2] * np.float32(step), 2)
        known.shown[missed] += np.where(moving[:, None], shift, 0)
        if missed.any() and not missed.all():
            behind = geometry.iou(self._motion.boxes[missed], self._motion.boxes[~missed]).max(axis=1) > BEHIND
            known.shows[np.flatnonzero(missed)[behind]] = False

    def _bear(self, boxes: Floats, scores: Floats, votes: Floats) -> None:
        if not len(boxes):
            return
        count = len(boxes)
        times = np.full(count, self._time, np.float64)
        new = _Known(
            number=np.zeros(count, np.intp),
            shown=boxes.copy(),
            score=scores.copy(),
            votes=votes.copy(),
            label=votes.argmax(axis=1),
            seen=times,
            born=times.copy(),
            looks=np.ones(count, np.intp),
            held=np.ones(count, bool),
            shows=np.zeros(count, bool),
        )
        self._known = self._known.joined(new)
        self._motion = self._motion.joined(Motion.of(boxes))

    def _give(self, least: Floats) -> Tracked:
        assert self._time is not None
        known = self._known
        wanted = least[known.label]
        enough = known.score >= wanted
        proved = (known.score >= CLEAR * wanted) | (known.seen - known.born >= PROVED)
        confirmed = (known.number == 0) & enough & ((known.looks > 1) & proved | (known.score >= SURE))
        known.number[confirmed] = np.arange(self._next, self._next + int(confirmed.sum()))
        self._next += int(confirmed.sum())
        staying = known.shows & (known.score >= STAYING * wanted)
        known.shows = (known.number > 0) & (enough | staying) & (self._time - known.seen <= HELD)
        order = np.flatnonzero(known.shows)
        order = order[np.argsort(known.number[order], kind="stable")]
        scores = np.clip(known.score[order], 0, 1)
        return Tracked(known.shown[order], scores, known.label[order], known.number[order])


def one_thing(found: Things, classes: int) -> tuple[Floats, Floats, Floats]:
    """Boxes (N, 4), scores (N,) and votes (N, classes) of what was found, best first, where boxes that lie on one
    another are one: the best one's box and score, and the scores of all its names."""
    count = len(found)
    votes = np.zeros((count, classes), np.float32)
    if not count:
        return found.boxes, found.scores, votes
    first = np.argmax(np.tril(geometry.iou(found.boxes, found.boxes) > ONE_THING) | np.eye(count, dtype=bool), axis=1)
    first = first[first]  # a name of a name
    np.maximum.at(votes, (first, found.classes), found.scores)
    alone = np.flatnonzero(first == np.arange(count))
    return found.boxes[alone], found.scores[alone], votes[alone]


def _pairs(
    overlap: Floats, extra: Floats, least: float, free_tracks: Flags, free_boxes: Flags, wanted: Flags
) -> tuple[Places, Places]:
    open_boxes = free_boxes & wanted
    fits = (overlap >= least) & free_tracks[:, None] & open_boxes
    rows, columns = np.flatnonzero(free_tracks), np.flatnonzero(open_boxes)
    costs = np.where(fits, 1 - overlap + extra, np.inf)[np.ix_(rows, columns)]
    chosen = pairs(costs.astype(np.float32))
    return rows[chosen[0]], columns[chosen[1]]


def _wider(boxes: Floats, by: NDArray[np.floating]) -> Floats:
    """Boxes (N, 4), widened on each side by `by` (N,) of their sides."""
    reach = (boxes[:, 2:] - boxes[:, :2]) * by[:, None]
    return np.concatenate([boxes[:, :2] - reach, boxes[:, 2:] + reach], axis=1).astype(np.float32)
