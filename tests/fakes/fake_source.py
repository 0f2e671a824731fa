"""A source whose frames the test releases one by one, and a looker that looks when the test lets it.

They stand for hardware: a camera that comes and goes, and a processor that is slow or fails.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

import numpy as np

from desktop.frame import Frame, Pixels
from desktop.live.session import Session
from desktop.sources.source import SourceInfo
from models.errors import OnlookerError, SourceError
from models.scene import EMPTY, Scene

PATIENCE = 30.0
"""Seconds after which something that should have happened is taken to hang."""


def until(happened: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait until `happened()`; fails the test with `what` when it never does, within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.002)


def number_of(pixels: Pixels) -> int:
    """The number that a fake source wrote into a frame's pixels."""
    return int(pixels[0, 0, 0]) + 256 * int(pixels[0, 0, 1])


class FakeSource:
    """Gives what the test puts in: `give` a number of frames, `end`, `lose` it with a sentence, or `hang`.

    `trouble`: what it says that it waits for.
    """

    def __init__(
        self,
        *,
        live: bool = True,
        size: tuple[int, int] = (64, 48),
        times: Callable[[int], int] | None = None,
        refuses: str = "",
        info: SourceInfo | None = None,
    ) -> None:
        self.name = "fake:0"
        self.live = live
        self.size = size
        self.trouble = ""
        self.released = threading.Event()
        self.hanging = threading.Event()
        self.opened = threading.Event()
        self.closed = threading.Event()
        self._times = (lambda _number: time.perf_counter_ns()) if times is None else times
        self._refuses = refuses
        self._info = SourceInfo(size, 30.0) if info is None else info
        self._script: queue.Queue[str] = queue.Queue()
        self._given = 0

    def give(self, count: int = 1) -> None:
        """Release `count` frames."""
        for _ in range(count):
            self._script.put("frame")

    def end(self) -> None:
        """No frame comes after those released."""
        self._script.put("end")

    def lose(self, sentence: str = "fake:0 was unplugged.") -> None:
        """It is lost after the frames released."""
        self._script.put(sentence)

    def hang(self) -> None:
        """`read` does not come back after the frames released, until `released` is set; then it gives a late frame."""
        self._script.put("hang")

    def open(self) -> SourceInfo:
        """Open it."""
        if self._refuses:
            raise SourceError(self._refuses)
        self.opened.set()
        return self._info

    def read(self) -> Frame | None:
        """The next thing of the script."""
        word = self._script.get(timeout=PATIENCE)
        if word == "end":
            return None
        if word == "hang":
            self.hanging.set()
            assert self.released.wait(PATIENCE), "nobody released the hanging source"
        elif word != "frame":
            raise SourceError(word)
        frame = Frame(self.picture(self._given), self._given, self._times(self._given))
        self._given += 1
        return frame

    def interrupt(self) -> None:
        """It waits for nothing but the test."""

    def picture(self, number: int) -> Pixels:
        """The pixels of frame `number`, which say it."""
        width, height = self.size
        pixels = np.zeros((height, width, 3), np.uint8)
        pixels[..., 0], pixels[..., 1] = number % 256, number // 256
        return pixels

    def close(self) -> None:
        """Let go."""
        self.closed.set()


class FakeLooker:
    """Looks at a frame when the test `allow`s it, or at once when `free`; finds what `find` says, by its number.

    Fails after `fails_after` frames. `taken`: the numbers of the frames it began to look at, `seen`: and finished.
    """

    def __init__(
        self,
        *,
        free: bool = True,
        find: Callable[[int], Scene] = lambda _number: EMPTY,
        fails_after: int | None = None,
        error: OnlookerError | None = None,
    ) -> None:
        self.seen: list[int] = []
        self.taken: list[int] = []
        self._find, self._fails_after, self._error = find, fails_after, error
        self._permits = threading.Semaphore(0)
        self._free = free

    def allow(self, count: int = 1) -> None:
        """Let it finish `count` frames."""
        self._permits.release(count)

    def analyze(self, pixels: Pixels, time_ns: int) -> Scene:
        """The scene, once it may look."""
        assert time_ns >= 0
        number = number_of(pixels)
        self.taken.append(number)
        if not self._free:
            assert self._permits.acquire(timeout=PATIENCE), "nobody allowed the looker to look"
        if self._fails_after is not None and len(self.seen) >= self._fails_after:
            raise self._error or ZeroDivisionError("the network met a number that is none")
        self.seen.append(number)
        return self._find(number)


def finish(session: Session, source: FakeSource) -> bool:
    """Stop a session whose source waits for its test: True when every thread has ended."""
    session.request_stop()
    source.end()
    return session.join(PATIENCE)
