"""The recording thread: writes every frame, with its own marks where the analysis came in time."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desktop.drawing.look_ahead import LookAhead
from desktop.drawing.privacy import AHEAD, Hide
from desktop.frame import Frame
from desktop.live.capture import Clock
from desktop.live.conveyor import Conveyor
from desktop.live.figures import RecordingFigures
from desktop.live.matching import SLICE, Look, Matched, Matching
from desktop.live.pictures import Pictures
from desktop.live.recording_file import RecordingFile
from desktop.live.watermark import Passage, Watermark
from desktop.recordings.encoding import refuse_nothing
from desktop.recordings.guards import Limits
from desktop.recordings.options import VideoOptions
from desktop.recordings.ring import Ring
from models.errors import RecordingError

logger = logging.getLogger(__name__)

CAPACITY = 256 * 2**20
"""Bytes of frames that may wait to be written."""

LONGEST_WAITING = 10_000_000_000
"""Nanoseconds that the oldest of them may have waited when one comes: it is what a crash loses of small pictures."""

_CROWDED = 0.5  # a conveyor fuller than this is emptied without waiting: a late frame is better than a dropped one


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    """How frames are recorded.

    `video`: quality, height, encoder. `annotated`: a video with marks, `clean`: one without; both are two files.
    `labels`: marks with numbers and names. `face_points`: the sidecar holds the points of faces, None = unless faces
    are hidden. `interpolate`: frames that were not analysed wait for the next one that was, and get marks between those
    of before and after. `hide`: what no stored picture shows. `limits`: of the room on the disk. `microphone`: the
    name of one that is listened to, None for none. Raises RecordingError where no video is wanted.
    """

    video: VideoOptions = field(default_factory=VideoOptions)
    annotated: bool = True
    clean: bool = False
    labels: bool = True
    face_points: bool | None = None
    interpolate: bool = True
    hide: Hide | None = None
    limits: Limits = field(default_factory=Limits)
    microphone: str | None = None

    def __post_init__(self) -> None:
        refuse_nothing(self.annotated, self.clean)

    @property
    def stores_face_points(self) -> bool:
        """Whether the sidecar holds the points of faces."""
        return not (self.hide is not None and self.hide.faces) if self.face_points is None else self.face_points


@dataclass(frozen=True, slots=True, eq=False)
class _Offered:
    """A captured frame, the `number`th that was offered, from 1; dropped ones count."""

    frame: Frame
    number: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """The number of a frame in the ring, and why it did not wait any longer; None: it was analysed."""

    number: int
    passage: Passage | None


class Recorder:
    """Writes the frames it is offered into one file, in a thread of its own: see `Matching` for what is drawn on them.

    With a `ring` it keeps them there at first; `begin` then gives it the file, which begins with what the ring holds
    once that has reached the file's `since`: until then frames wait that are older, and too old for it.
    `seconds`: after so many from the first frame on it ends by itself. `noted` is called with what did not go as asked
    though it goes on, `failed` once with the sentence of an error, which ends it: what still waits is counted as
    dropped. Frames in the file + dropped = captured, always: those offered from the first in the file on, or from the
    first of all where there is no ring. `over` is set when the file is closed.
    """

    def __init__(
        self,
        file: RecordingFile | Ring,
        watermark: Watermark,
        options: RecordingOptions,
        *,
        clock: Clock,
        failed: Callable[[str], None],
        noted: Callable[[str], None] = lambda _sentence: None,
        capacity: int = CAPACITY,
        seconds: float | None = None,
    ) -> None:
        self._ring = file if isinstance(file, Ring) else None
        self._file = None if isinstance(file, Ring) else file
        self._next: RecordingFile | None = None
        self._clock, self._failed, self._noted = clock, failed, noted
        self._told: set[str] = set()  # of the file's notes
        self._conveyor: Conveyor[_Offered] = Conveyor(
            capacity,
            lambda offered: offered.frame.pixels.nbytes,
            stale=lambda first, new: new.frame.time - first.frame.time > LONGEST_WAITING,
        )
        self._pictures = Pictures(
            annotated=options.annotated,
            clean=options.clean,
            labels=options.labels,
            hide=options.hide,
            face_points=bool(options.face_points),
        )
        self._ahead: LookAhead[Matched] = LookAhead(0.0 if options.hide is None else AHEAD)
        self._matching = Matching(
            watermark,
            clock=clock,
            hurried=lambda: self._cut.is_set() or self._conveyor.filled > _CROWDED,
            saw=self._pictures.saw,
            interpolate=options.interpolate,
            waits=options.hide is not None,  # what is to be hidden may show only in the scene after
            most=capacity // 2,
        )
        self._cut = threading.Event()
        self._paused = False
        self._newest = -1  # index of the frame that was offered last
        self._longest = _nanoseconds(seconds)
        self._began: int | None = None
        self._lock = threading.Lock()
        self._numbers: dict[int, int] = {}  # index of a frame in hand -> its number
        self._held: deque[_Kept] = deque()  # the frames in the ring
        self._kept = self._last = 0  # frames kept in the ring so far, and the number of the last
        self._reached = -math.inf  # seconds: of the frame that was written last, or is about to be
        self._first = 1  # number of the first frame of the recording
        self._before = 0  # dropped before that one
        self._closing = False
        self._skipped = self._late = self._dropped = 0
        self._ended, self._error = False, ""
        self._files: tuple[Path, ...] = ()
        self.over = threading.Event()
        name = "before a recording" if self._file is None else f"recording {self._file.path.name}"
        self.thread = threading.Thread(target=self._run, name=name)

    def start(self) -> None:
        """Begin to write."""
        self.thread.start()

    def begin(self, file: RecordingFile, seconds: float | None = None) -> bool:
        """Have the recording begin with what the ring holds, and go on with every frame since. Once only.

        `seconds`: it ends by itself so long after the next frame. False where no more frames come: nothing is recorded
        then.
        """
        with self._lock:
            if not self._closing:
                self._longest = _nanoseconds(seconds)
                self._next = file
            return not self._closing

    def offer(self, frame: Frame) -> None:
        """One more captured frame; while it is paused, none of this recording. Never waits."""
        if self._longest is not None:
            self._began = frame.time if self._began is None else self._began
            if frame.time - self._began >= self._longest:
                self.end()
        if not self._paused:
            self._newest = frame.index
            self._conveyor.put(_Offered(frame, self._conveyor.offered + 1))

    def keep(self, frame: Frame, look: Look) -> None:
        """`frame` was analysed: what is to be hidden is known from it even where it is written already."""
        if not self._ended:
            self._pictures.saw(frame, look.scene)
            if frame.index <= self._newest:  # else it was left out, in a pause, and will not come
                self._matching.keep(frame.index, look)

    def pause(self, paused: bool) -> None:
        """Leave frames out from the next one on, or take them again: times stay true, so the file has a gap there."""
        self._paused = paused
        if self.file is not None:
            self.file.mute(paused)

    def end(self) -> None:
        """No more frames: write what waits, then close the file."""
        self._conveyor.end()

    def cut(self) -> None:
        """No more frames: close the file after the one in hand and count what waits as dropped."""
        self._cut.set()
        self._conveyor.cut()

    @property
    def running(self) -> bool:
        """It takes frames still."""
        return not self._conveyor.ended

    @property
    def file(self) -> RecordingFile | None:
        """What it writes to, or will, None while it keeps a ring alone."""
        return self._file or self._next

    @property
    def ring(self) -> Ring | None:
        """What it keeps frames in until it begins."""
        return self._ring

    def figures(self) -> RecordingFigures:
        """How it stands; only where it has a file."""
        file = self.file
        if file is None:
            raise RuntimeError("nothing is recorded yet")
        ending = self._conveyor.ended
        with self._lock:
            state = "failed" if self._error else "finished" if self._ended else "draining" if ending else "running"
            return RecordingFigures(
                path=file.path,
                state=state,
                paused=self._paused and state == "running",
                captured=self._captured,
                frames=file.frames,
                dropped=self._dropped if self._ended else self._dropped_so_far,
                skipped=self._skipped,
                late=self._late,
                waiting=0 if self._ended else self._conveyor.waiting + self._held_back,
                duration=file.duration,
                encoder=file.encoder,
                error=self._error,
                files=self._files,
            )

    @property
    def _held_back(self) -> int:
        """Frames in hand that wait for what comes after them."""
        return self._matching.waiting + len(self._ahead)

    @property
    def _captured(self) -> int:
        """Frames since the first of the recording; none while that is not known."""
        return 0 if self._file is None else max(0, self._conveyor.offered - self._first + 1)

    @property
    def _dropped_so_far(self) -> int:
        return 0 if self._file is None else max(0, self._conveyor.dropped - self._before)

    def _run(self) -> None:
        try:
            while not self._conveyor.over:
                offered = self._conveyor.get(SLICE if self._held_back or self._ring is not None else 1.0)
                self._attach()
                if offered is None:
                    self._end_in_time()
                    self._write_all(self._matching.overdue())
                    self._write_ready(self._ahead.overdue(self._clock() / 1e9))
                else:
                    self._numbers[offered.frame.index] = offered.number
                    self._write_all(self._matching.match(offered.frame))
            if not self._cut.is_set():
                self._write_all(self._matching.rest())
                self._write_ready(self._ahead.rest())
            with self._lock:
                self._closing = True
            self._reached = math.inf  # nothing comes that could be nearer to what was wanted
            self._attach()
            self._close()
        except RecordingError as problem:
            self._fail(str(problem))
        except Exception as problem:  # top of a thread: told to the user, the session goes on
            what = f"{type(problem).__name__}: {problem}".removesuffix(": ")
            name = "What is kept for a recording" if self.file is None else f"The recording {self.file.path}"
            logger.exception("%s failed", name)
            self._fail(f"{name} ended by an error ({what}): what was written is kept.")

    def _end_in_time(self) -> None:
        """End after the seconds that were wanted though no frame comes that would say so."""
        if self._longest is not None and self._began is not None and self._clock() - self._began >= self._longest:
            self.end()

    def _attach(self) -> None:
        """Begin the recording where one was asked for, with what the ring holds, once that has reached its begin."""
        if self._next is None or self._file is not None or self._reached < self._next.since:
            return
        file = self._file = self._next
        try:
            file.begin()
        finally:
            held = list(self._held)[len(self._held) - file.before :]
            self._held.clear()
            with self._lock:
                self._first = held[0].number if held else self._last + 1
                self._before = self._first - 1 - (self._kept - len(held))
                self._skipped = sum(one.passage is Passage.COUNTED for one in held)
                self._late = sum(one.passage is Passage.WAITING for one in held)

    def _close(self) -> None:
        if self._file is None:
            self._end((), "")
            return
        dropped = self._captured - self._file.frames
        self._end(self._file.close(dropped=dropped, skipped=self._skipped, late=self._late), "")

    def _fail(self, sentence: str) -> None:
        self._conveyor.cut()
        file = self.file  # one that was to begin has its name already
        self._end(file.abort() if file is not None else (), sentence)
        self._failed(sentence)

    def _end(self, files: tuple[Path, ...] | None, error: str) -> None:
        with self._lock:
            self._files, self._error = files or (), error
            self._dropped = 0 if self._file is None else self._captured - self._file.frames
            self._ended = self._closing = True
        self.over.set()

    def _write_all(self, ready: Iterable[Matched]) -> None:
        """Write them; where something is to be hidden, as soon as what comes a moment after them was looked at."""
        for matched in ready:
            frame = matched.frame
            self._write_ready(self._ahead.put(frame.time / 1e9, frame.pixels.nbytes, matched))

    def _write_ready(self, ready: Iterable[Matched]) -> None:
        for matched in ready:
            self._write(matched)

    def _write(self, matched: Matched) -> None:
        frame = matched.frame
        self._reached = frame.time / 1e9
        self._attach()
        pixels, clean = self._pictures.of(frame, matched.marked, matched.held)
        put: Callable[..., object]
        if self._file is not None:
            put = self._file.write
        else:
            assert self._ring is not None  # it has one of the two
            put = self._ring.take
        put(
            pixels,
            frame.time / 1e9,
            clean=clean,
            scene=matched.scene,
            analysed=matched.scene is not None,
            interpolated=matched.interpolated,
            index=frame.index,
            position=None if frame.position is None else frame.position / 1e9,
            moment=datetime.now(UTC) - timedelta(microseconds=max(0, self._clock() - frame.time) / 1e3),
        )
        if self._file is not None:
            for note in self._file.notes:
                if note not in self._told:
                    self._told.add(note)
                    self._noted(note)
        self._count(self._numbers.pop(frame.index), None if matched.scene is not None else matched.passage)

    def _count(self, number: int, passage: Passage | None) -> None:
        with self._lock:
            if self._file is not None:
                self._skipped += passage is Passage.COUNTED
                self._late += passage is Passage.WAITING
                return
            self._kept, self._last = self._kept + 1, number
            self._held.append(_Kept(number, passage))
            while self._ring is not None and len(self._held) > self._ring.frames:
                self._held.popleft()


def _nanoseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1e9)
