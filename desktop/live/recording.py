"""The recording thread: writes every frame, with its own marks where the analysis came in time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from desktop.drawing.privacy import Hide
from desktop.frame import Frame, Pixels
from desktop.live.capture import Clock
from desktop.live.conveyor import Conveyor
from desktop.live.figures import RecordingFigures
from desktop.live.pictures import Pictures
from desktop.live.unseen import Unseen
from desktop.live.watermark import Passage, Watermark
from desktop.recordings.between import between
from desktop.recordings.carry import Carry
from desktop.recordings.encoding import refuse_nothing
from desktop.recordings.guards import Limits
from desktop.recordings.options import VideoOptions
from models.errors import RecordingError
from models.scene import Scene

logger = logging.getLogger(__name__)

PATIENCE = 1_000_000_000
"""Nanoseconds after a frame's capture for which the recording waits for its analysis.

Counted from the capture, not from the moment the frame is reached: an analysis that hangs makes the recording lag by
this much once, not by this much for every frame, which would fill the conveyor.
"""

CAPACITY = 256 * 2**20
"""Bytes of frames that may wait to be written."""

_SLICE = 0.25  # seconds of waiting after which a second request to stop is noticed
_CROWDED = 0.5  # a conveyor fuller than this is emptied without waiting: a late frame is better than a dropped one


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    """How frames are recorded.

    `video`: quality, height, encoder. `annotated`: a video with marks, `clean`: one without; both are two files.
    `labels`: marks with numbers and names. `face_points`: the sidecar holds the points of faces, None = unless faces
    are hidden. `interpolate`: frames that were not analysed wait for the next one that was, and get marks between those
    of before and after. `hide`: what no stored picture shows. `limits`: of the room on the disk. Raises RecordingError
    where no video is wanted.
    """

    video: VideoOptions = field(default_factory=VideoOptions)
    annotated: bool = True
    clean: bool = False
    labels: bool = True
    face_points: bool | None = None
    interpolate: bool = True
    hide: Hide | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        refuse_nothing(self.annotated, self.clean)

    @property
    def stores_face_points(self) -> bool:
        """Whether the sidecar holds the points of faces."""
        return not (self.hide is not None and self.hide.faces) if self.face_points is None else self.face_points


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was found in one frame; `turn`: of the looker, whose tracks are its own."""

    scene: Scene
    turn: int = 0


class RecordingFile(Protocol):
    """What is written to: `desktop.recordings.recording.Recording`."""

    path: Path
    frames: int
    duration: float

    def write(
        self,
        pixels: Pixels,
        time: float,
        *,
        clean: Pixels | None = None,
        scene: Scene | None,
        analysed: bool,
        interpolated: bool = False,
        index: int | None = None,
        position: float | None = None,
    ) -> None:
        """Append one frame; raises RecordingError."""
        ...

    def close(self, *, dropped: int = 0, skipped: int = 0, late: int = 0) -> tuple[Path, ...] | None:
        """End it whole; raises RecordingError."""
        ...

    def abort(self) -> tuple[Path, ...] | None:
        """End it after an error."""
        ...


class Recorder:
    """Writes the frames it is offered into one file, in a thread of its own.

    A frame waits for the `watermark` until one second after its capture. Where it was skipped, it waits until the next
    analysed one is known, and is drawn with what lies between the scenes before and after. Where there is nothing of
    the kind, it is drawn with the last scene as held for at most 0.5 s, else without. `failed` is called once with the
    sentence of an error, which ends the recording: what still waits is counted as dropped. Frames in the file +
    dropped = offered, always. `over` is set when the file is closed.
    """

    def __init__(
        self,
        file: RecordingFile,
        watermark: Watermark,
        options: RecordingOptions,
        *,
        clock: Clock,
        failed: Callable[[str], None],
        capacity: int = CAPACITY,
    ) -> None:
        self._file, self._watermark, self._clock, self._failed = file, watermark, clock, failed
        self._options = options
        self._pictures = Pictures(
            annotated=options.annotated,
            clean=options.clean,
            labels=options.labels,
            hide=options.hide,
            face_points=bool(options.face_points),
        )
        self._conveyor: Conveyor[Frame] = Conveyor(capacity, lambda frame: frame.pixels.nbytes)
        self._unseen = Unseen(capacity // 2)
        self._cut = threading.Event()
        self._paused = False
        self._carry = Carry()
        self._size: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._looks: dict[int, Look] = {}
        self._reached = -1
        self._skipped = self._late = self._dropped = 0
        self._ended, self._error = False, ""
        self._files: tuple[Path, ...] = ()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"recording {file.path.name}")

    def start(self) -> None:
        """Begin to write."""
        self.thread.start()

    def offer(self, frame: Frame) -> None:
        """One more captured frame; while it is paused, none of this recording. Never waits."""
        if not self._paused:
            self._conveyor.put(frame)

    def keep(self, index: int, look: Look) -> None:
        """Frame `index` was analysed; kept until that frame is written."""
        with self._lock:
            if index > self._reached and not self._ended:
                self._looks[index] = look

    def pause(self, paused: bool) -> None:
        """Leave frames out from the next one on, or take them again: times stay true, so the file has a gap there."""
        self._paused = paused

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

    def figures(self) -> RecordingFigures:
        """How it stands."""
        ending = self._conveyor.ended
        with self._lock:
            state = "failed" if self._error else "finished" if self._ended else "draining" if ending else "running"
            return RecordingFigures(
                path=self._file.path,
                state=state,
                paused=self._paused and state == "running",
                captured=self._conveyor.offered,
                frames=self._file.frames,
                dropped=self._dropped if self._ended else self._conveyor.dropped,
                skipped=self._skipped,
                late=self._late,
                waiting=0 if self._ended else self._conveyor.waiting + len(self._unseen),
                duration=self._file.duration,
                error=self._error,
                files=self._files,
            )

    def _run(self) -> None:
        try:
            self._take_all()
            dropped = self._conveyor.offered - self._file.frames
            self._end(self._file.close(dropped=dropped, skipped=self._skipped, late=self._late), "")
        except RecordingError as problem:
            self._fail(str(problem))
        except Exception as problem:  # top of a thread: told to the user, the session goes on
            logger.exception("recording %s failed", self._file.path)
            what = f"{type(problem).__name__}: {problem}".removesuffix(": ")
            self._fail(f"The recording {self._file.path} ended by an error ({what}): what was written is kept.")

    def _fail(self, sentence: str) -> None:
        self._conveyor.cut()
        self._end(self._file.abort(), sentence)
        self._failed(sentence)

    def _end(self, files: tuple[Path, ...] | None, error: str) -> None:
        with self._lock:
            self._files, self._error = files or (), error
            self._dropped = self._conveyor.offered - self._file.frames
            self._ended = True
            self._looks.clear()
        self.over.set()

    def _take_all(self) -> None:
        while not self._conveyor.over:
            frame = self._conveyor.get(_SLICE if self._unseen else 1.0)
            if frame is not None:
                self._take(frame)
            elif (first := self._unseen.first) is not None and self._clock() - first.time > PATIENCE:
                self._settle()  # nothing comes any more for now
        if not self._cut.is_set():
            self._settle()

    def _take(self, frame: Frame) -> None:
        passage = self._passage(frame)
        look = self._look_at(frame.index)
        if frame.size != self._size:
            self._settle()
            self._unseen.forget()
            self._carry.forget()  # its coordinates are those of the size before
            self._size = frame.size
        if look is not None:
            self._pictures.saw(frame, look.scene)
            self._settle((frame, look))
            self._unseen.seen(frame, look.scene, look.turn)
            self._write(frame, look.scene, *self._carry(frame.time / 1e9, True, look.scene))
        elif passage is not Passage.COUNTED or not self._waits(frame):
            self._settle()
            self._write(frame, None, *self._carry(frame.time / 1e9, False))
            with self._lock:
                self._late += passage is Passage.WAITING
                self._skipped += passage is Passage.COUNTED

    def _waits(self, frame: Frame) -> bool:
        interpolates = self._options.interpolate and self._unseen.before is not None
        hides = self._options.hide is not None  # what is to be hidden may show only in the scene after
        return (interpolates or hides) and not self._hurried and self._unseen.wait(frame)

    def _settle(self, after: tuple[Frame, Look] | None = None) -> None:
        """Write the frames that wait, with what lies between the scene before them and the one `after`, if any."""
        before = self._unseen.before
        reached = after is not None and self._options.interpolate and self._unseen.reaches(after[0], after[1].turn)
        for frame in self._unseen.take():
            seconds = frame.time / 1e9
            if reached and before is not None and after is not None:
                scene = between(before[1], before[0], after[1].scene, after[0].time / 1e9, seconds)
                self._write(frame, None, scene, False, interpolated=True)
            else:
                self._write(frame, None, *self._carry(seconds, False))
            with self._lock:
                self._skipped += 1

    def _write(self, frame: Frame, scene: Scene | None, marked: Scene, held: bool, interpolated: bool = False) -> None:
        """Write a frame with the marks of the scene `marked`; `scene` is its own, None where it was not analysed."""
        pixels, clean = self._pictures.of(frame, marked, held)
        self._file.write(
            pixels,
            frame.time / 1e9,
            clean=clean,
            scene=scene,
            analysed=scene is not None,
            interpolated=interpolated,
            index=frame.index,
            position=None if frame.position is None else frame.position / 1e9,
        )

    @property
    def _hurried(self) -> bool:
        return self._cut.is_set() or self._conveyor.filled > _CROWDED

    def _passage(self, frame: Frame) -> Passage:
        while True:
            left = 0.0 if self._hurried else (frame.time + PATIENCE - self._clock()) / 1e9
            passage = self._watermark.wait(frame.index, min(left, _SLICE))
            if passage is not Passage.WAITING or left <= 0.0:
                return passage

    def _look_at(self, index: int) -> Look | None:
        with self._lock:
            look = self._looks.pop(index, None)
            self._reached = index
            for passed in [one for one in self._looks if one < index]:
                del self._looks[passed]
            return look
