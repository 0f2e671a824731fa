"""The recordings of a session: one at a time takes frames, those before may still be writing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from desktop.frame import Frame
from desktop.live.capture import Clock
from desktop.live.figures import RecordingFigures, RingFigures
from desktop.live.guard import Guard
from desktop.live.matching import Look
from desktop.live.recording import CAPACITY, Recorder, RecordingOptions
from desktop.live.slot import LONGEST_WAIT
from desktop.live.watermark import Watermark
from desktop.recordings.files import names_of
from desktop.recordings.guards import refuse_full
from desktop.recordings.microphone import Microphone
from desktop.recordings.placing import temporary_name
from desktop.recordings.recording import Recording
from desktop.recordings.ring import Ring
from models.errors import RecordingError


@dataclass(frozen=True, slots=True)
class Target:
    """What a recording is of, and where it goes: see `Recording`.

    `capacity`: bytes of frames that may wait. `seconds`: after which it ends by itself.
    """

    path: Path
    source: str
    program: str
    networks: Mapping[str, str]
    fps: float = 30.0
    overwrite: bool = False
    capacity: int = CAPACITY
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be kept before a recording."""

    options: RecordingOptions
    seconds: float
    fps: float

    def ring(self) -> Ring:
        """An empty one. Raises RecordingError."""
        options = self.options
        return Ring(self.seconds, annotated=options.annotated, clean=options.clean, video=options.video, fps=self.fps)

    def serves(self, options: RecordingOptions) -> bool:
        """Whether a recording of these options can begin with what is kept."""
        return replace(options, limits=self.options.limits) == self.options


class Recorders:
    """All recordings of a session, in order. Methods may be called from any thread and return at once, but for `join`.

    Once armed, one more keeps what leads to the next recording; it does not while a recording runs, which has all that
    itself, and begins anew after it. `tell` is called with the sentence of an error that ended one, and with warnings.
    """

    def __init__(self, watermark: Watermark, *, clock: Clock, tell: Callable[[str], None]) -> None:
        self._watermark, self._clock, self._tell = watermark, clock, tell
        self._lock = threading.Lock()
        self._recorders: tuple[Recorder, ...] = ()
        self._guards: tuple[Guard, ...] = ()
        self._past: tuple[RecordingFigures, ...] = ()  # of those before them, which are over
        self._wanted: _Wanted | None = None
        self._keeper: Recorder | None = None
        self._former: tuple[Recorder, ...] = ()

    def refuse_second(self) -> None:
        """Raise RecordingError where one takes frames."""
        if any(recorder.running for recorder in self._recorders):
            raise RecordingError("A recording runs already: stop it first.")

    def arm(self, options: RecordingOptions, seconds: float, fps: float) -> None:
        """Keep the last `seconds` of frames from now on, for recordings of these options. Raises RecordingError."""
        wanted = _Wanted(options, seconds, fps)
        wanted.ring()  # refuses what cannot be
        with self._lock:
            if wanted != self._wanted:
                self._dismiss()
                self._wanted = wanted

    def disarm(self) -> None:
        """Keep nothing any more."""
        with self._lock:
            self._wanted = None
            self._dismiss()

    def start(self, target: Target, options: RecordingOptions, since: float | None) -> None:
        """Record every frame from the next one on; with what was kept `since` then (seconds of the frames' times).

        Raises RecordingError where one takes frames already, the file cannot be made, or the disk has no room for it.
        """
        self.refuse_second()
        refuse_full(target.path.parent, options.limits)
        microphone = None if options.microphone is None else Microphone(options.microphone, clock=self._clock)
        try:
            self._start(target, options, since, microphone)
        except BaseException:
            if microphone is not None:
                microphone.stop()
            raise

    def _start(
        self, target: Target, options: RecordingOptions, since: float | None, microphone: Microphone | None
    ) -> None:
        with self._lock:
            serves = since is not None and self._wanted is not None and self._wanted.serves(options)
            keeper = self._keeper if serves else None
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
            ring=None if keeper is None else keeper.ring,
            since=since or 0.0,
            microphone=microphone,
        )
        with self._lock:
            try:
                recorder = self._taken_on(file, keeper, target, options)
            except BaseException:
                file.abort()
                raise
            self._watch_over(recorder, target, options)
            self._recorders = (*self._recorders, recorder)

    def _taken_on(
        self, file: Recording, keeper: Recorder | None, target: Target, options: RecordingOptions
    ) -> Recorder:
        """Who writes the file: the one that kept what led to it, or a new one. Under the lock."""
        self.refuse_second()
        self._forget_past()
        if keeper is None:
            self._dismiss()
            return self._recorder(file, options, target.capacity, target.seconds)
        if keeper is not self._keeper or not keeper.begin(file, target.seconds):
            raise RecordingError("What led to this moment is gone: start the recording again.")
        self._keeper = None
        return keeper

    def _recorder(
        self,
        file: Recording | Ring,
        options: RecordingOptions,
        capacity: int = CAPACITY,
        seconds: float | None = None,
    ) -> Recorder:
        recorder = Recorder(
            file,
            self._watermark,
            options,
            clock=self._clock,
            failed=lambda sentence: self._fail(recorder, sentence),
            noted=self._tell,
            capacity=capacity,
            seconds=seconds,
        )
        recorder.start()
        return recorder

    def _watch_over(self, recorder: Recorder, target: Target, options: RecordingOptions) -> None:
        files = names_of(target.path, options.annotated, options.clean).all
        guard = Guard(
            target.path.parent,
            options.limits,
            map(temporary_name, files),
            over=recorder.over,
            stop=recorder.end,
            tell=self._tell,
        )
        guard.start()
        self._guards = (*self._guards, guard)

    def _forget_past(self) -> None:
        """Keep no more than the figures of those that are over: a session may have thousands. Under the lock."""
        while self._recorders and not (self._recorders[0].thread.is_alive() or self._guards[0].thread.is_alive()):
            self._past = (*self._past, _figures(self._recorders[0], self._guards[0]))
            self._recorders, self._guards = self._recorders[1:], self._guards[1:]

    def _fail(self, recorder: Recorder, sentence: str) -> None:
        with self._lock:
            if recorder is self._keeper:  # it would only fail again
                self._wanted = self._keeper = None
        self._tell(sentence)

    def _dismiss(self) -> None:
        """Let go of what was kept. Under the lock."""
        if self._keeper is not None:
            self._keeper.cut()
            self._former = (*(one for one in self._former if one.thread.is_alive()), self._keeper)
            self._keeper = None

    def _all(self) -> tuple[Recorder, ...]:
        """Those that take frames or what was found in them, the one that keeps for the next recording included."""
        with self._lock:
            return self._recorders if self._keeper is None else (*self._recorders, self._keeper)

    def captured(self, frame: Frame) -> None:
        """Hand a frame on."""
        with self._lock:
            if self._wanted is not None and self._keeper is None and not any(one.running for one in self._recorders):
                self._keeper = self._recorder(self._wanted.ring(), self._wanted.options)
        for recorder in self._all():
            recorder.offer(frame)

    def analysed(self, frame: Frame, look: Look) -> None:
        """Hand on what was found in a frame."""
        for recorder in self._all():
            recorder.keep(frame, look)

    def no_more_frames(self) -> None:
        """Put end marks: each writes what waits, then closes its file."""
        for recorder in self._all():
            recorder.end()

    def cut(self) -> None:
        """Have each close its file after the frame in hand; what waits is dropped."""
        for recorder in self._all():
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
        recorders = (*self._all(), *self._former)
        every = [one.thread for one in recorders] + [one.thread for one in self._guards]
        return [thread for thread in every if thread.is_alive()]

    def ring(self) -> RingFigures | None:
        """What is kept for the next recording, None where nothing is to be."""
        with self._lock:
            if self._wanted is None:
                return None
            ring = self._keeper.ring if self._keeper is not None else None
            return (
                RingFigures(self._wanted.seconds)
                if ring is None
                else RingFigures(self._wanted.seconds, ring.seconds, ring.bytes, ring.frames)
            )

    def figures(self) -> tuple[RecordingFigures, ...]:
        """How each stands, in order."""
        with self._lock:
            pairs = zip(self._recorders, self._guards, strict=True)
            return (*self._past, *(_figures(recorder, guard) for recorder, guard in pairs))


def _figures(recorder: Recorder, guard: Guard) -> RecordingFigures:
    return replace(recorder.figures(), free=guard.free, full=guard.full, left=guard.left)
