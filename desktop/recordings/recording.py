"""A recording: a video and its sidecar, which grow and end together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from desktop.frame import Pixels
from desktop.recordings.locking import Lock
from desktop.recordings.options import VideoOptions
from desktop.recordings.pixels import Fit, Size
from desktop.recordings.placing import Placing
from desktop.recordings.sidecar import SidecarWriter
from desktop.recordings.video_writer import VideoWriter
from models.errors import RecordingError
from models.scene import Scene


@dataclass(slots=True)
class _Files:
    """What is open while a recording runs."""

    video_place: Placing
    data_place: Placing
    lock: Lock
    video: VideoWriter
    data: SidecarWriter


class Recording:
    """Writes NAME.mp4 and NAME.jsonl: both with .part added, made with the first frame, renamed by `close`.

    `path`: the video's name. `source`, `networks` (kind -> name), `program` (its version) and `start` (the moment of
    the first frame, if not given) go into the sidecar's header. `overwrite` allows existing files to be replaced.
    `face_points` False leaves the points of faces out of the sidecar. `fps` only says how long a single frame lasts.
    `video`: quality, size, encoder; without it the defaults with `threads` of the encoder. Used by one thread. Marks
    are drawn by the caller, into the pixels it gives.

    Raises RecordingError at once where the target exists or its folder cannot be written to.
    """

    def __init__(
        self,
        path: Path,
        *,
        source: str,
        networks: Mapping[str, str],
        program: str,
        start: datetime | None = None,
        overwrite: bool = False,
        face_points: bool = True,
        fps: float = 30.0,
        threads: int = 1,
        video: VideoOptions | None = None,
    ) -> None:
        self.path = path
        self.data_path = path.with_suffix(".jsonl")
        if self.data_path == path:
            raise RecordingError(f"{path} is no name for a video: end it with .mp4.")
        self._source, self._networks, self._program = source, dict(networks), program
        self._start = start
        self._overwrite, self._face_points = overwrite, face_points
        self._fps, self._video = fps, video or VideoOptions(threads=threads)
        self._files: _Files | None = None
        self._ended = False
        self._kept: tuple[Path, Path] | None = None
        self.frames = 0
        self.duration = 0.0
        for target in (path, self.data_path):
            Placing(target, overwrite=overwrite).abort()  # refuses now what the first frame would be refused

    def fit_of(self, size: Size) -> Fit | None:
        """How frames of `size` will lie in the video's pictures; None before the first frame."""
        return self._files.video.fit_of(size) if self._files is not None else None

    def write(
        self,
        pixels: Pixels,
        time: float,
        *,
        scene: Scene | None,
        analysed: bool,
        interpolated: bool = False,
        index: int | None = None,
        position: float | None = None,
    ) -> None:
        """Append one frame with its marks drawn: BGR (height, width, 3), taken at `time` (seconds, of any origin).

        `scene`: what was found in it, in pixels of `pixels`, stored when `analysed`. `interpolated`: its marks are
        between those of the analysed frames before and after it. `index`: of the frame in its session. `position`:
        seconds in a file being watched. Raises RecordingError; what was written until then is kept: call `abort`.
        """
        if self._ended:
            raise RecordingError(f"The recording {self.path} has ended already.")
        size = (pixels.shape[1], pixels.shape[0])
        if self._files is None:
            self._files = self._begin(size)
        files = self._files
        seconds = files.video.write(pixels, time)
        placed = files.video.fit_of(size).scene(scene) if scene is not None and analysed else None
        if analysed and placed is None:
            placed = Scene()
        files.data.line(self.frames, seconds, placed, interpolated=interpolated, position=position, index=index)
        self.frames += 1
        self.duration = files.video.duration

    def _begin(self, size: Size) -> _Files:
        video_place = Placing(self.path, overwrite=self._overwrite)
        try:
            data_place = Placing(self.data_path, overwrite=self._overwrite)
        except RecordingError:
            video_place.abort()
            raise
        lock = video = data = None
        try:
            lock = Lock(video_place.temporary)
            video = VideoWriter(video_place.temporary, size, fps=self._fps, options=self._video)
            data = SidecarWriter(data_place.temporary, face_points=self._face_points)
            start = (self._start or datetime.now(UTC)).astimezone(UTC)
            stamp = start.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            data.header(
                program=self._program, source=self._source, size=video.size, start=stamp, networks=self._networks
            )
        except BaseException:
            for opened in (video, data):
                if opened is not None:
                    _close_quietly(opened)
            if lock is not None:
                lock.release()
            video_place.abort()
            data_place.abort()
            raise
        return _Files(video_place, data_place, lock, video, data)

    def close(self, *, dropped: int = 0, skipped: int = 0, late: int = 0) -> tuple[Path, Path] | None:
        """End the recording: make both files whole and give them their names, the sidecar first.

        Returns the names, None where no frame was written: there are no files then. Raises RecordingError where that
        fails; what could be written is kept, and `abort` gives its names.
        """
        if self._ended:
            return None
        self._ended = True
        files = self._files
        if files is None:
            return None
        try:
            return self._finish(files, dropped, skipped, late)
        except BaseException:
            self._kept = _names(files)
            raise

    def _finish(self, files: _Files, dropped: int, skipped: int, late: int) -> tuple[Path, Path]:
        try:
            files.video.close()
            files.data.end(frames=self.frames, dropped=dropped, skipped=skipped, late=late)
        finally:
            files.lock.release()  # a locked file cannot be renamed on Windows
            files.data.close()
        files.video_place.refuse_taken()  # before either has its name, so that both keep their temporary ones
        return files.data_place.finish(), files.video_place.finish()

    def abort(self) -> tuple[Path, Path] | None:
        """End it after an error, one of `close` too: close what can be closed and keep it.

        Returns the names of data and video, temporary ones but for what `close` could still name; None where nothing
        was written or they were told already. Never raises.
        """
        if self._ended or self._files is None:
            self._ended = True
            kept, self._kept = self._kept, None
            return kept
        self._ended = True
        files = self._files
        _close_quietly(files.video)
        _close_quietly(files.data)
        files.lock.release()
        return _names(files)


def _names(files: _Files) -> tuple[Path, Path]:
    """Under which names data and video lie now."""
    data, video = (
        place.temporary if place.temporary.exists() else place.target for place in (files.data_place, files.video_place)
    )
    return data, video


def _close_quietly(opened: VideoWriter | SidecarWriter) -> None:
    try:
        opened.close()
    except RecordingError:
        return  # the first error has been told, this one only follows from it
