"""The figures of a session: what was counted and measured, as one frozen picture of a moment."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

WINDOW = 2_000_000_000
"""Nanoseconds over which rates are measured."""

_LASTING = 2_000_000_000  # ns after which a look in hand is told


@dataclass(frozen=True, slots=True)
class RecordingFigures:
    """How a recording stands.

    `state`: "running", "draining" (stopped, writing what still waits), "finished" or "failed" (`error` says why).
    `captured`: frames captured since it began, until it was stopped; once it has ended, `frames` (in the file) +
    `dropped` = `captured`, but where the disk failed the file lacks the last of them. `skipped`:
    not analysed because a newer frame was there. `late`: not waited for any longer. `waiting`: frames still to be
    written. `duration`: seconds in the file. `encoder`: of the video, "" before the first frame. `paused`: frames are
    left out for now. `free`: bytes left on its disk at the last look, `left`: seconds that these last, each None where
    that is not known; `full`: it was stopped because there was too little. `files`: what lies on the disk, sidecar
    first: under final names when finished, under temporary ones when failed (but for what could still be named); empty
    where nothing was written.
    """

    path: Path
    state: str = "running"
    captured: int = 0
    frames: int = 0
    dropped: int = 0
    skipped: int = 0
    late: int = 0
    waiting: int = 0
    duration: float = 0.0
    encoder: str = ""
    paused: bool = False
    free: int | None = None
    left: float | None = None
    full: bool = False
    error: str = ""
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class RingFigures:
    """What is kept in memory for the next recording: `seconds` of the `wanted` ones, in `bytes`, `frames` in all.

    Nothing while a recording runs.
    """

    wanted: float
    seconds: float = 0.0
    bytes: int = 0
    frames: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """How a session stands.

    `state` of the source: "idle", "opening", "running", "ended", "lost" (`error` says why; also where it could not be
    opened), "stopped". `analysis`: "off", "loading" (`loading` says what, `progress` 0..1 how far), "running" or
    "failed". `capture_fps`, `analysed_fps`: frames per second over the last two seconds. `age`: seconds since the
    capture of the frame to be shown, None before the first. `silent`: seconds since anything was captured, None
    before the first. `look`: seconds that a look takes, see `LookTime`. `trouble`: what a live source waits for at this
    moment, a sentence, "" while frames come.
    `captured`, `analysed`, `skipped`: frames of the session; `dropped`, `late`: of its recordings and consumers
    together. `errors`: how many sentences `Session.errors` holds. `recording`: the newest one. `ring`: what is
    kept for the next, None where that was not asked for.
    """

    state: str = "idle"
    error: str = ""
    analysis: str = "off"
    loading: str = ""
    progress: float = 0.0
    size: tuple[int, int] | None = None
    capture_fps: float = 0.0
    analysed_fps: float = 0.0
    age: float | None = None
    silent: float | None = None
    look: float | None = None
    trouble: str = ""
    captured: int = 0
    analysed: int = 0
    skipped: int = 0
    dropped: int = 0
    late: int = 0
    errors: int = 0
    recording: RecordingFigures | None = None
    ring: RingFigures | None = None


class LookTime:
    """How long looks take: the shorter of the two newest, so that a single slow one says nothing.

    One in hand counts once it has lasted for two seconds. `begin` and `end` are called by one thread, `at` by any.
    """

    def __init__(self) -> None:
        self._newest: tuple[int, ...] = ()
        self._begun: int | None = None

    def begin(self, now: int) -> None:
        """A look begins at `now` (ns)."""
        self._begun = now

    def end(self, now: int) -> None:
        """The look in hand is over at `now` (ns)."""
        if self._begun is not None:
            self._newest = (*self._newest[-1:], now - self._begun)
        self._begun = None

    def at(self, now: int) -> float | None:
        """Seconds, at `now` (ns); None where that is not known yet."""
        newest, begun = self._newest, self._begun
        usual = min(newest) if len(newest) > 1 else None
        lasting = 0 if begun is None else now - begun
        longest = max(usual or 0, lasting) if lasting > _LASTING else usual
        return None if longest is None else longest / 1e9


class Rate:
    """Events per second over a sliding window. Used under the lock of whoever owns it."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._times: deque[int] = deque()

    def count(self, time: int) -> None:
        """Something happened at `time` (ns)."""
        self._times.append(time)
        self._forget(time)

    def at(self, now: int) -> float:
        """Events per second in the window that ends `now`, 0 where there were none.

        Measured from the first event in the window to the last, or to `now` where the next one is overdue.
        """
        self._forget(now)
        if len(self._times) < 2:
            return 0.0
        span = self._times[-1] - self._times[0]
        interval = span / (len(self._times) - 1)
        overdue = max(0.0, now - self._times[-1] - interval)
        return (len(self._times) - 1) * 1e9 / (span + overdue) if span + overdue > 0 else 0.0

    def _forget(self, now: int) -> None:
        while self._times and now - self._times[0] > self._window:
            self._times.popleft()
