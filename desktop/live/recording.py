"""The recording thread: writes every frame, with its own marks where the analysis came in time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from desktop.drawing.marks import marks_of
from desktop.drawing.renderer import draw
from desktop.frame import Frame, Pixels
from desktop.live.capture import Clock
from desktop.live.conveyor import Conveyor
from desktop.live.figures import RecordingFigures
from desktop.live.watermark import Passage, Watermark
from desktop.recordings.carry import Carry
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
        scene: Scene | None,
        analysed: bool,
        index: int | None = None,
        position: float | None = None,
    ) -> None:
        """Append one frame; raises RecordingError."""
        ...

    def close(self, *, dropped: int = 0, skipped: int = 0, late: int = 0) -> tuple[Path, Path] | None:
        """End it whole; raises RecordingError."""
        ...

    def abort(self) -> tuple[Path, Path] | None:
        """End it after an error."""
        ...


class Recorder:
    """Writes the frames it is offered into one file, in a thread of its own.

    A frame waits for the `watermark` until one second after its capture. Then it is drawn with its own scene, or with
    the last one as held for at most 0.5 s, else without. `failed` is called once with the sentence of an error, which
    ends the recording: what still waits is counted as dropped. Frames in the file + dropped = offered, always.
    """

    def __init__(
        self,
        file: RecordingFile,
        watermark: Watermark,
        *,
        clock: Clock,
        failed: Callable[[str], None],
        capacity: int = CAPACITY,
        labels: bool = True,
    ) -> None:
        self._file, self._watermark, self._clock, self._failed = file, watermark, clock, failed
        self._labels = labels
        self._conveyor: Conveyor[Frame] = Conveyor(capacity, lambda frame: frame.pixels.nbytes)
        self._cut = threading.Event()
        self._carry = Carry()
        self._size: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._scenes: dict[int, Scene] = {}
        self._reached = -1
        self._skipped = self._late = self._dropped = 0
        self._ended, self._error = False, ""
        self._files: tuple[Path, ...] = ()
        self.thread = threading.Thread(target=self._run, name=f"recording {file.path.name}")

    def start(self) -> None:
        """Begin to write."""
        self.thread.start()

    def offer(self, frame: Frame) -> None:
        """One more captured frame. Never waits."""
        self._conveyor.put(frame)

    def keep(self, index: int, scene: Scene) -> None:
        """Frame `index` was analysed; kept until that frame is written."""
        with self._lock:
            if index > self._reached and not self._ended:
                self._scenes[index] = scene

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
                captured=self._conveyor.offered,
                frames=self._file.frames,
                dropped=self._dropped if self._ended else self._conveyor.dropped,
                skipped=self._skipped,
                late=self._late,
                waiting=self._conveyor.waiting,
                duration=self._file.duration,
                error=self._error,
                files=self._files,
            )

    def _run(self) -> None:
        try:
            while not self._conveyor.over:
                frame = self._conveyor.get(1.0)
                if frame is not None:
                    self._write(frame)
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

    def _end(self, files: tuple[Path, Path] | None, error: str) -> None:
        with self._lock:
            self._files, self._error = files or (), error
            self._dropped = self._conveyor.offered - self._file.frames
            self._ended = True
            self._scenes.clear()

    def _write(self, frame: Frame) -> None:
        passage = self._passage(frame)
        scene = self._scene_of(frame.index)
        seconds = frame.time / 1e9
        if frame.size != self._size:
            self._carry.forget()  # its coordinates are those of the size before
            self._size = frame.size
        marked, held = self._carry(seconds, scene is not None, scene)
        pixels = frame.pixels
        if marked:
            pixels = pixels.copy()
            draw(pixels, marks_of(marked, held=held, labels=self._labels))
        position = None if frame.position is None else frame.position / 1e9
        self._file.write(pixels, seconds, scene=scene, analysed=scene is not None, index=frame.index, position=position)
        if scene is None:
            with self._lock:
                self._skipped += passage is Passage.COUNTED
                self._late += passage is Passage.WAITING

    def _passage(self, frame: Frame) -> Passage:
        while True:
            hurried = self._cut.is_set() or self._conveyor.filled > _CROWDED
            left = 0.0 if hurried else (frame.time + PATIENCE - self._clock()) / 1e9
            passage = self._watermark.wait(frame.index, min(left, _SLICE))
            if passage is not Passage.WAITING or left <= 0.0:
                return passage

    def _scene_of(self, index: int) -> Scene | None:
        with self._lock:
            scene = self._scenes.pop(index, None)
            self._reached = index
            for passed in [one for one in self._scenes if one < index]:
                del self._scenes[passed]
            return scene
