"""The recordings of a session: one at a time takes frames, those before may still be writing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from desktop.frame import Frame
from desktop.live.capture import Clock
from desktop.live.figures import RecordingFigures
from desktop.live.guard import Guard
from desktop.live.recording import CAPACITY, Look, Recorder, RecordingOptions
from desktop.live.slot import LONGEST_WAIT
from desktop.live.watermark import Watermark
from desktop.recordings.guards import refuse_full
from desktop.recordings.recording import Recording
from models.errors import RecordingError


@dataclass(frozen=True, slots=True)
class Target:
    """What a recording is of, and where it goes: see `Recording`. `capacity`: bytes of frames that may wait."""

    path: Path
    source: str
    program: str
    networks: Mapping[str, str]
    fps: float = 30.0
    overwrite: bool = False
    capacity: int = CAPACITY


class Recorders:
    """All recordings of a session, in order. Methods may be called from any thread and return at once, but for `join`.

    `tell` is called with the sentence of an error that ended one, and with warnings.
    """

    def __init__(self, watermark: Watermark, *, clock: Clock, tell: Callable[[str], None]) -> None:
        self._watermark, self._clock, self._tell = watermark, clock, tell
        self._lock = threading.Lock()
        self._recorders: tuple[Recorder, ...] = ()
        self._guards: tuple[Guard, ...] = ()

    def refuse_second(self) -> None:
        """Raise RecordingError where one takes frames."""
        if any(recorder.running for recorder in self._recorders):
            raise RecordingError("A recording runs already: stop it first.")

    def start(self, target: Target, options: RecordingOptions) -> None:
        """Record every frame from the next one on.

        Raises RecordingError where one takes frames already, the file cannot be made, or the disk has no room for it.
        """
        self.refuse_second()
        file = Recording(
            target.path,
            source=target.source,
            networks=target.networks,
            program=target.program,
            overwrite=target.overwrite,
            face_points=options.stores_face_points,
            fps=target.fps,
            video=options.video,
            annotated=options.annotated,
            clean=options.clean,
        )
        refuse_full(target.path.parent, options.limits)
        recorder = Recorder(
            file, self._watermark, options, clock=self._clock, failed=self._tell, capacity=target.capacity
        )
        guard = Guard(target.path.parent, options.limits, over=recorder.over, stop=recorder.end, tell=self._tell)
        with self._lock:
            self.refuse_second()
            recorder.start()
            guard.start()
            self._recorders = (*self._recorders, recorder)
            self._guards = (*self._guards, guard)

    def captured(self, frame: Frame) -> None:
        """Hand a frame on."""
        for recorder in self._recorders:
            recorder.offer(frame)

    def analysed(self, index: int, look: Look) -> None:
        """Hand on what was found in a frame."""
        for recorder in self._recorders:
            recorder.keep(index, look)

    def no_more_frames(self) -> None:
        """Put end marks: each writes what waits, then closes its file."""
        for recorder in self._recorders:
            recorder.end()

    def cut(self) -> None:
        """Have each close its file after the frame in hand; what waits is dropped."""
        for recorder in self._recorders:
            recorder.cut()

    def pause(self, paused: bool) -> None:
        """Pause the newest, or go on with it."""
        with self._lock:
            for recorder in self._recorders[-1:]:
                recorder.pause(paused)

    def stop(self) -> None:
        """End the newest; asked again while it still writes, cut it."""
        with self._lock:
            for recorder in self._recorders[-1:]:
                if recorder.running:
                    recorder.end()
                else:
                    recorder.cut()

    def join(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until every stopped one has closed its file; True when that is so."""
        deadline = time.monotonic() + timeout
        while True:
            writing = [one.thread for one in self._recorders if one.thread.is_alive() and not one.running]
            left = deadline - time.monotonic()
            if not writing or left <= 0:
                return not writing
            writing[0].join(min(left, LONGEST_WAIT))

    def threads(self) -> list[threading.Thread]:
        """The threads that run."""
        every = [one.thread for one in self._recorders] + [one.thread for one in self._guards]
        return [thread for thread in every if thread.is_alive()]

    def figures(self) -> tuple[RecordingFigures, ...]:
        """How each stands, in order."""
        with self._lock:
            pairs = zip(self._recorders, self._guards, strict=True)
            return tuple(replace(recorder.figures(), free=guard.free) for recorder, guard in pairs)
