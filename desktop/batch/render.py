"""Draws the overlay later: a clean video and its sidecar become the video that would have been recorded with marks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from desktop.batch.fitting import Told, compare, frame_times, is_same, lines_of, told_of
from desktop.batch.input_sound import InputSound
from desktop.batch.outputs import VIDEO_SUFFIX, VideoFile
from desktop.drawing.marks import marks_of
from desktop.drawing.privacy import faces_as_boxes
from desktop.drawing.renderer import draw
from desktop.frame import Frame, Pixels
from desktop.recordings.overlay import Overlay
from desktop.recordings.pixels import Fit, Size, fit
from desktop.recordings.placing import Placing
from desktop.sources.video import VideoSource
from models.errors import RecordingError, SourceError, WrongNameError
from models.scene import Scene

_SQUARE = 0.01  # share by which width by height may differ for a video to be the same at another size


@dataclass(frozen=True, slots=True)
class Look:
    """What is drawn: which kinds, which classes of objects (none named: all), labels, and the points of faces.

    A face without its points is a box.
    """

    objects: bool = True
    faces: bool = True
    bodies: bool = True
    classes: frozenset[str] = frozenset()
    labels: bool = True
    face_points: bool = True

    def of(self, scene: Scene) -> Scene:
        """The part of a scene that is drawn."""
        objects = [one for one in scene.objects if self.objects and (not self.classes or one.label in self.classes)]
        shown = Scene(tuple(objects), scene.faces if self.faces else (), scene.bodies if self.bodies else ())
        return shown if self.face_points else faces_as_boxes(shown)


@dataclass(slots=True)
class Rendered:
    """What came of it: the video, how many frames it has, and whether somebody ended it early."""

    path: Path
    frames: int
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Renderer:
    """How it is drawn. `sound`: that of the video is copied.

    `stopped` is asked between two frames, `progress` told (done, of about) after each, `noted` what is not as it should
    be.
    """

    look: Look = Look()
    sound: bool = True
    overwrite: bool = False
    stopped: Callable[[], bool] = lambda: False
    progress: Callable[[int, int], None] = lambda _done, _total: None
    noted: Callable[[str], None] = lambda _sentence: None

    def run(self, video: Path, sidecar: Path, target: Path) -> Rendered:
        """Draw what `sidecar` tells into the frames of `video`; each keeps its time.

        `noted` is told in what they do not quite fit. Raises RecordingError where the sidecar cannot be read, is
        damaged or another video's, and where the target exists (unless `overwrite`) or cannot be written, SourceError
        where the video cannot be read, or not to its end: what was read is whole then.
        """
        _refuse(video, sidecar, target, self.overwrite)
        source = VideoSource(video)
        source.open()
        source.close()  # it is there, and is a video
        told = told_of(sidecar, video)
        note = compare(sidecar, told, video, frame_times(video))
        if note:
            self.noted(note)
        return _Rendering(self, told, sidecar, target).run(source)


class _Rendering:
    """One video on its way."""

    def __init__(self, renderer: Renderer, told: Told, sidecar: Path, target: Path) -> None:
        self._renderer, self._told, self._sidecar, self._target = renderer, told, sidecar, target
        self._overlay = Overlay(lines_of(sidecar, told))
        self._file: VideoFile | None = None
        self._fit: Fit | None = None
        self._name = ""
        self._fps = 30.0
        self._interrupted = False
        self._sound: InputSound | None = None

    def run(self, source: VideoSource) -> Rendered:
        self._name = source.name
        try:
            done = self._run(source)
        finally:
            if self._sound is not None:
                self._sound.close()
        if self._sound is not None and self._sound.note:
            self._renderer.noted(self._sound.note)
        return done

    def _run(self, source: VideoSource) -> Rendered:
        try:
            try:
                self._all_frames(source)
            finally:
                source.close()
        except RecordingError as error:
            kept = self._file.keep() if self._file is not None else None
            raise RecordingError(
                str(error) if kept is None else f"{error} The video so far is kept as {kept}."
            ) from error
        except SourceError as error:
            raise self._cut_off(error) from error
        except BaseException:
            if self._file is not None:
                self._file.finish()
            raise
        if self._file is None:
            raise SourceError(f"{source.name} holds no picture.")
        frames = self._file.frames
        return Rendered(self._file.finish(), frames, self._interrupted)

    def _cut_off(self, error: SourceError) -> SourceError:
        """The error of a video that ended early, after what was read of it was made whole."""
        if self._file is None:
            return error
        if self._file.replaces:
            kept = self._file.keep()
            there = f"{self._target}, which was there before, was not replaced"
            return SourceError(f"{error} What was read is kept as {kept}; {there}.")
        return SourceError(f"{error} What was read is in {self._file.finish()}.")

    def _all_frames(self, source: VideoSource) -> None:
        info = source.open()
        self._sound = InputSound(source) if self._renderer.sound else None
        self._fps = info.fps or self._fps
        total, done = len(self._told.times), 0
        with ThreadPoolExecutor(1, "encoder") as pool:
            before: Future[None] | None = None
            try:
                while not self._stopped() and (frame := source.read()) is not None:
                    drawn = self._drawn(frame)
                    if before is not None:
                        before.result()
                    before = pool.submit(self._write, drawn, frame.time)
                    done += 1
                    self._renderer.progress(done, max(total, done))
            finally:
                if before is not None:
                    before.result()

    def _stopped(self) -> bool:
        self._interrupted = self._renderer.stopped()
        return self._interrupted

    def _drawn(self, frame: Frame) -> Pixels:
        pixels = _without_padding(frame.pixels, self._told.size)
        here = (pixels.shape[1], pixels.shape[0])
        if self._fit is None:
            self._fit = _fit(self._told.size or here, here, self._sidecar, self._name)
        pixels = fit(here, self._fit.into).pixels(pixels)  # of another size than the first: as the sidecar's scenes are
        overlaid = self._overlay.at(frame.time / 1e9)
        scene = self._fit.scene(self._renderer.look.of(overlaid.scene))
        if scene:
            pixels = pixels.copy()
            draw(pixels, marks_of(scene, held=overlaid.held, labels=self._renderer.look.labels))
        return pixels

    def _write(self, pixels: Pixels, time: int) -> None:
        if self._file is None:
            size = (pixels.shape[1], pixels.shape[0])
            self._file = VideoFile(
                self._target, size, fps=self._fps, overwrite=self._renderer.overwrite, sound=self._sound
            )
        self._file.write(pixels, time / 1e9)


def _without_padding(pixels: Pixels, size: Size | None) -> Pixels:
    """The picture without the column and row that were added to an odd size."""
    if size is None:
        return pixels
    width, height = size
    if (pixels.shape[1], pixels.shape[0]) != (width + width % 2, height + height % 2):
        return pixels
    return pixels[:height, :width]


def _fit(size: Size, here: Size, sidecar: Path, video: str) -> Fit:
    """How scenes of pictures of `size` lie in those of `here`. Raises RecordingError where the proportions differ."""
    if abs(size[0] * here[1] / (size[1] * here[0]) - 1) > _SQUARE and size != here:
        raise RecordingError(
            f"{sidecar} is not the sidecar of {video}: it tells of pictures of {size[0]}x{size[1]}, and the video's "
            f"have {here[0]}x{here[1]}."
        )
    return fit(size, here)


def _refuse(video: Path, sidecar: Path, target: Path, overwrite: bool) -> None:
    """Raise what would else come after minutes: a name that cannot be written, or that is an input's."""
    if target.suffix != VIDEO_SUFFIX:  # in small letters: what a crash leaves is found by its name
        raise WrongNameError(f"{target} is no name for a video: end it with {VIDEO_SUFFIX}.")
    for given in (video, sidecar):
        if is_same(target, given):
            raise RecordingError(f"{target} is an input: choose another output.")
    Placing(target, overwrite=overwrite).abort()
