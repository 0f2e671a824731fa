"""Annotates files: every frame in order, at its own time, drawn and described, with bounded memory.

A frame is analysed while the one before is drawn and encoded in a second thread; no more than these two, and the one
being read, are held, and a bounded number more where something is to be hidden (`look_ahead`). What ends early, by an
error of the source or because somebody wants it to end, is made whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from desktop.batch.input_sound import InputSound
from desktop.batch.outputs import DataFile, KindError, VideoFile, write_picture
from desktop.batch.plan import Job, Plan, make_folder
from desktop.drawing.look_ahead import LookAhead
from desktop.drawing.marks import Marks, marks_of
from desktop.drawing.privacy import AHEAD, Hide, Privacy, drawable, hidden_in
from desktop.drawing.renderer import draw
from desktop.frame import Frame, Pixels
from desktop.recordings.pixels import Size
from desktop.sources.naming import make_source
from desktop.sources.source import Source
from models.errors import RecordingError, SourceError
from models.scene import Scene


class Looker(Protocol):
    """What finds things: `models.analyzer.Analyzer` is one."""

    def analyze(self, pixels: Pixels, time_ns: int) -> Scene:
        """What is in the next frame of a video, which was taken at `time_ns`."""
        ...

    def look(self, pixels: Pixels) -> Scene:
        """What is in a single picture."""
        ...

    def begin(self) -> None:
        """The next frame is the first of another video; its tracks count from 1."""
        ...

    def reset(self) -> None:
        """The next frame has nothing to do with the one before; tracks count on."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: in input `number` of `inputs` (from 1), `frames` of about `total` (None: unknown) are done."""

    name: str
    number: int
    inputs: int
    frames: int
    total: int | None


@dataclass(slots=True)
class Outcome:
    """What came of it: files `written`, `frames` of videos and `pictures` annotated.

    `failures`: a sentence for each input that could not be annotated, or not to its end.
    """

    written: list[Path] = field(default_factory=list)
    frames: int = 0
    pictures: int = 0
    failures: list[str] = field(default_factory=list)
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Annotator:
    """How inputs are annotated.

    `networks` (kind -> network) and `program` (its version) go into the headers of the data. `labels`: tracks and names
    are drawn. `hide`: what is hidden in all that is written. `face_points`: those of faces are in the data, and drawn
    where faces are hidden. `sound`: that of videos is copied. `stopped` is asked between two frames. `progress` is told
    after each; `failed` is told each failure, `noted` what had to be left out.
    """

    looker: Looker
    networks: Mapping[str, str]
    program: str
    labels: bool = True
    hide: Hide | None = None
    face_points: bool = True
    sound: bool = True
    stopped: Callable[[], bool] = lambda: False
    progress: Callable[[Progress], None] = lambda _progress: None
    failed: Callable[[str], None] = lambda _sentence: None
    noted: Callable[[str], None] = lambda _sentence: None

    def run(self, plan: Plan) -> Outcome:
        """Do all of a plan. An input that cannot be read is told and left out, the others go on.

        Raises RecordingError where a result cannot be written: it and the data file stay under their temporary names,
        what was finished before is whole.
        """
        outcome = Outcome()
        fresh = make_folder(plan.folder)
        data = None
        try:
            data = None if plan.data is None else self._data_file(plan.data, plan.overwrite)
            for number, job in enumerate(plan.jobs, 1):
                if self.stopped():
                    outcome.interrupted = True
                    break
                self._annotate(job, number, plan, data, outcome)
        except RecordingError as error:
            raise RecordingError(_with_kept(str(error), "data", data)) from error
        except BaseException:
            if data is not None:
                data.finish()
            raise
        finally:
            if fresh and plan.folder is not None and not outcome.written:
                _remove_empty(plan.folder)
        if data is not None and (named := data.finish()) is not None:
            outcome.written.append(named)
        return outcome

    def _data_file(self, target: Path, overwrite: bool) -> DataFile:
        return DataFile(target, overwrite=overwrite, face_points=self.face_points)

    def marks(self, scene: Scene) -> Marks:
        """What is drawn for a scene."""
        return marks_of(drawable(scene, self.hide, face_points=self.face_points), labels=self.labels)

    def _annotate(self, job: Job, number: int, plan: Plan, data: DataFile | None, outcome: Outcome) -> None:
        def report(frames: int, total: int | None) -> None:
            self.progress(Progress(job.name, number, len(plan.jobs), frames, total))

        try:
            if job.picture:
                self._picture(job, plan, data, outcome)
                report(1, 1)
            else:
                _Video(self, job, data, plan.overwrite, report).run(outcome)
        except (SourceError, KindError) as error:
            outcome.failures.append(str(error))
            self.failed(str(error))

    def _picture(self, job: Job, plan: Plan, data: DataFile | None, outcome: Outcome) -> None:
        pixels = _picture(job.name)
        scene = self.looker.look(pixels)
        drawn = pixels.copy() if self.hide is None else hidden_in(pixels, scene, self.hide)
        draw(drawn, self.marks(scene))
        outcome.written.append(write_picture(job.target, drawn, overwrite=plan.overwrite))
        if data is not None:
            data.picture(job.name, (pixels.shape[1], pixels.shape[0]), scene)
        outcome.pictures += 1


class _Video:
    """One video on its way."""

    def __init__(
        self,
        annotator: Annotator,
        job: Job,
        data: DataFile | None,
        overwrite: bool,
        report: Callable[[int, int | None], None],
    ) -> None:
        self._annotator, self._job, self._data = annotator, job, data
        self._overwrite, self._report = overwrite, report
        self._fps = 30.0
        self._file: VideoFile | None = None
        self._sound: InputSound | None = None
        self._size: Size | None = None
        self._privacy = None if annotator.hide is None else Privacy(annotator.hide)
        self._ahead: LookAhead[tuple[Frame, Scene]] = LookAhead(0.0 if annotator.hide is None else AHEAD)

    def run(self, outcome: Outcome) -> None:
        """Annotate it. Raises SourceError where it could not be read to its end: what was read is whole then."""
        try:
            self._run(outcome)
        finally:
            if self._sound is not None:
                self._sound.close()

    def _run(self, outcome: Outcome) -> None:
        source = make_source(self._job.name)
        try:
            try:
                self._all_frames(source, outcome)
            finally:
                source.close()
            if self._sound is not None and self._sound.note:
                self._annotator.noted(self._sound.note)
        except RecordingError as error:
            raise RecordingError(_with_kept(str(error), "video", self._file)) from error
        except SourceError as error:
            if self._file is not None and self._file.replaces:
                raise SourceError(f"{error} {self._kept_beside(self._file)}") from error
            if self._finish(outcome):
                raise SourceError(f"{error} What was read is in {self._job.target}.") from error
            raise
        except BaseException:
            self._finish(outcome)
            raise
        if not self._finish(outcome) and not outcome.interrupted:
            raise SourceError(f"{self._job.name} holds no picture.")

    def _all_frames(self, source: Source, outcome: Outcome) -> None:
        info = source.open()
        self._sound = InputSound(source) if self._annotator.sound else None
        self._fps = info.fps or self._fps
        self._annotator.looker.begin()
        with ThreadPoolExecutor(1, "encoder") as pool:
            before: Future[None] | None = None

            def write(ready: Iterable[tuple[Frame, Scene]]) -> None:
                nonlocal before
                for frame, scene in ready:
                    if before is not None:
                        before.result()
                    before = pool.submit(self._write, source.name, frame, scene)

            frames = 0
            try:
                while not self._stopped(outcome) and (frame := source.read()) is not None:
                    seen = frame, self._look(frame)
                    write(self._ahead.put(frame.time / 1e9, frame.pixels.nbytes, seen))
                    frames += 1
                    self._report(frames, info.frames)
            finally:
                write(self._ahead.rest())
                if before is not None:
                    before.result()  # an error of writing counts for more than what ended the reading

    def _stopped(self, outcome: Outcome) -> bool:
        outcome.interrupted = self._annotator.stopped()
        return outcome.interrupted

    def _look(self, frame: Frame) -> Scene:
        if frame.size != self._size:
            if self._size is not None:
                self._annotator.looker.reset()  # who is followed is followed in coordinates of the size before
            self._size = frame.size
        scene = self._annotator.looker.analyze(frame.pixels, frame.time)
        if self._privacy is not None:
            self._privacy.saw(frame.time / 1e9, scene, frame.size)
        return scene

    def _write(self, source: str, frame: Frame, scene: Scene) -> None:
        if self._file is None:
            self._file = VideoFile(
                self._job.target, frame.size, fps=self._fps, overwrite=self._overwrite, sound=self._sound
            )
            if self._data is not None:
                start = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
                annotator = self._annotator
                self._data.header(self._job.name, source, self._file.size, start, annotator.program, annotator.networks)
        pixels = frame.pixels if self._privacy is None else self._privacy.hidden(frame.pixels, frame.time / 1e9)
        if scene:
            pixels = pixels if pixels.flags.writeable else pixels.copy()
            draw(pixels, self._annotator.marks(scene))
        number = self._file.frames
        time = self._file.write(pixels, frame.time / 1e9)
        if self._data is not None:
            placed = self._file.fit_of(frame.size).scene(scene)
            position = None if frame.position is None else frame.position / 1e9
            self._data.line(self._job.name, number, time, placed, position)

    def _kept_beside(self, file: VideoFile) -> str:
        """End with what was read, and leave a result that is there in its place: it may be whole, this one is not."""
        kept = file.keep()
        if self._data is not None:
            self._data.end(self._job.name, file.frames)
        return f"What was read is kept as {kept}; {self._job.target}, which was there before, was not replaced."

    def _finish(self, outcome: Outcome) -> bool:
        """Make video and data whole; False where there was no frame."""
        if self._file is None:
            return False
        outcome.written.append(self._file.finish())
        outcome.frames += self._file.frames
        if self._data is not None:
            self._data.end(self._job.name, self._file.frames)
        return True


def _picture(name: str) -> Pixels:
    source = make_source(name)
    try:
        source.open()
        frame = source.read()
    finally:
        source.close()
    if frame is None:
        raise SourceError(f"{name} holds no picture.")
    return frame.pixels


def _with_kept(sentence: str, what: str, file: VideoFile | DataFile | None) -> str:
    """The sentence of an error, after `file` was closed, with the name under which it is kept."""
    kept = file.keep() if file is not None else None
    return sentence if kept is None or str(kept) in sentence else f"{sentence} The {what} so far is kept as {kept}."


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # something is in it
