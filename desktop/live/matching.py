"""Brings frames and what was found in them together again, in the order of the frames."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from desktop.frame import Frame
from desktop.live.capture import Clock
from desktop.live.unseen import Unseen
from desktop.live.watermark import Passage, Watermark
from desktop.recordings.between import between
from desktop.recordings.carry import Carry
from models.scene import Scene

PATIENCE = 1_000_000_000
"""Nanoseconds after a frame's capture for which its analysis is waited for.

Counted from the capture, not from the moment the frame is reached: an analysis that hangs makes the recording lag by
this much once, not by this much for every frame, which would fill the conveyor.
"""

SLICE = 0.25
"""Seconds of waiting after which a second request to stop is noticed."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was found in one frame; `turn`: of the looker, whose tracks are its own."""

    scene: Scene
    turn: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """A frame and what is to be drawn on it.

    `scene`: its own, None where it was not analysed. `marked`: the scene whose marks are drawn, `held` where that is of
    an earlier frame. `interpolated`: it lies between those before and after. `passage`: why it did not wait any longer.
    """

    frame: Frame
    scene: Scene | None
    marked: Scene
    held: bool
    interpolated: bool
    passage: Passage


class Matching:
    """A frame waits for the `watermark` until one second after its capture.

    Where it was skipped, and `waits`, it waits until the next analysed one is known, and gets what lies between the
    scenes before and after, if `interpolate`. Where there is nothing of the kind, it gets the last scene as held for at
    most 0.5 s, else the empty one. `hurried` says whether there is no time for any of this. `most`: bytes of frames
    that may wait here. `saw` is told each scene before any frame since the scene before is given. Used by one thread,
    but for `keep` and `waiting`.
    """

    def __init__(
        self,
        watermark: Watermark,
        *,
        clock: Clock,
        hurried: Callable[[], bool],
        saw: Callable[[Frame, Scene], None],
        interpolate: bool,
        waits: bool,
        most: int,
    ) -> None:
        self._watermark, self._clock, self._hurried, self._saw = watermark, clock, hurried, saw
        self._interpolate, self._waits = interpolate, waits
        self._unseen = Unseen(most)
        self._carry = Carry()
        self._size: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._looks: dict[int, Look] = {}
        self._reached = -1

    @property
    def waiting(self) -> int:
        """How many frames wait for the scene after them."""
        return len(self._unseen)

    def keep(self, index: int, look: Look) -> None:
        """Frame `index` was analysed; kept until that frame comes."""
        with self._lock:
            if index > self._reached:
                self._looks[index] = look

    def match(self, frame: Frame) -> Iterator[Matched]:
        """The next frame comes: what is ready then, in order."""
        passage = self._passage(frame)
        look = self._look_at(frame.index)
        if frame.size != self._size:
            yield from self.rest()
            self._unseen.forget()
            self._carry.forget()  # its coordinates are those of the size before
            self._size = frame.size
        if look is not None:
            self._saw(frame, look.scene)
            yield from self._settled(frame, look)
            self._unseen.seen(frame, look.scene, look.turn)
            marked, held = self._carry(frame.time / 1e9, True, look.scene)
            yield Matched(frame, look.scene, marked, held, False, passage)
        elif passage is not Passage.COUNTED or not self._may_wait(frame):
            yield from self.rest()
            yield self._carried(frame, passage)

    def overdue(self) -> Iterator[Matched]:
        """What has waited for so long that nothing is to be expected any more."""
        first = self._unseen.first
        if first is not None and self._clock() - first.time > PATIENCE:
            yield from self.rest()

    def rest(self) -> Iterator[Matched]:
        """All that waits, though nothing is known of what comes after."""
        for frame in self._unseen.take():
            yield self._carried(frame, Passage.COUNTED)

    def _may_wait(self, frame: Frame) -> bool:
        useful = self._waits or (self._interpolate and self._unseen.before is not None)
        return useful and not self._hurried() and self._unseen.wait(frame)

    def _settled(self, after: Frame, look: Look) -> Iterator[Matched]:
        """What waits, now that this was found after it."""
        before = self._unseen.before
        if before is None or not self._interpolate or not self._unseen.reaches(after, look.turn):
            yield from self.rest()
            return
        for frame in self._unseen.take():
            scene = between(before[1], before[0], look.scene, after.time / 1e9, frame.time / 1e9)
            yield Matched(frame, None, scene, False, True, Passage.COUNTED)

    def _carried(self, frame: Frame, passage: Passage) -> Matched:
        marked, held = self._carry(frame.time / 1e9, False)
        return Matched(frame, None, marked, held, False, passage)

    def _passage(self, frame: Frame) -> Passage:
        while True:
            left = 0.0 if self._hurried() else (frame.time + PATIENCE - self._clock()) / 1e9
            passage = self._watermark.wait(frame.index, min(left, SLICE))
            if passage is not Passage.WAITING or left <= 0.0:
                return passage

    def _look_at(self, index: int) -> Look | None:
        with self._lock:
            look = self._looks.pop(index, None)
            self._reached = index
            for passed in [one for one in self._looks if one < index]:
                del self._looks[passed]
            return look
