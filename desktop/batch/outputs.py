"""What a batch writes: videos, pictures and one data file, each under a temporary name until it is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import cv2

from desktop.batch.input_sound import InputSound
from desktop.frame import Pixels
from desktop.recordings.locking import Lock, before_moving
from desktop.recordings.pixels import Fit, Size
from desktop.recordings.placing import Placing
from desktop.recordings.reasons import why
from desktop.recordings.sidecar import SidecarWriter
from desktop.recordings.video_writer import VideoWriter
from models.errors import RecordingError
from models.scene import Scene

VIDEO_SUFFIX = ".mp4"
DATA_SUFFIX = ".jsonl"

_QUALITY = {
    ".jpg": (cv2.IMWRITE_JPEG_QUALITY, 95),
    ".jpeg": (cv2.IMWRITE_JPEG_QUALITY, 95),
    ".webp": (cv2.IMWRITE_WEBP_QUALITY, 95),
}
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
"""Kinds of pictures that can be written."""


class KindError(RecordingError):
    """This kind of file cannot hold this picture; others may."""


class VideoFile:
    """One annotated video: made with its first frame, named when it is whole. Used by one thread at a time.

    `sound`: that of the input, copied as far as the frames are written. Raises RecordingError where it cannot be made
    or written.
    """

    def __init__(
        self, target: Path, size: Size, *, fps: float, overwrite: bool, sound: InputSound | None = None
    ) -> None:
        self._sound = sound
        self._place = Placing(target, overwrite=overwrite)
        lock = None
        try:
            lock = Lock(self._place.temporary)
            sounds = () if sound is None else sound.writers()
            self._writer = VideoWriter(self._place.temporary, size, fps=fps, sounds=sounds)
        except RecordingError:
            if lock is not None:
                lock.release()
            self._place.abort()
            raise
        self._lock = lock

    @property
    def size(self) -> Size:
        """Width and height of its pictures, those of its first frame unless that is too large to be encoded."""
        return self._writer.size

    @property
    def frames(self) -> int:
        """How many were written."""
        return self._writer.frames

    def fit_of(self, size: Size) -> Fit:
        """How frames of `size` lie in its pictures."""
        return self._writer.fit_of(size)

    def write(self, pixels: Pixels, time: float) -> float:
        """Append a frame, BGR, at `time` in seconds; gives its time in the file."""
        written = self._writer.write(pixels, time)
        if self._sound is not None:
            self._sound.copy(self._writer, written)
        return written

    @property
    def replaces(self) -> bool:
        """Whether there is a file of its name now, which `finish` would replace."""
        return self._place.target.exists()

    def finish(self) -> Path:
        """Make it whole and give it its name. Its sound ends with its last frame."""
        try:
            if self._sound is not None:
                self._sound.copy(self._writer, self._writer.duration, last=True)
            self._writer.close()
            before_moving(self._lock.release)
            return self._place.finish()
        finally:
            self._lock.release()

    def keep(self) -> Path | None:
        """Close it after an error: what was written stays under the temporary name, which is given. Never raises."""
        with contextlib.suppress(RecordingError):  # it follows from the error that was told
            self._writer.close()
        self._lock.release()
        if self._writer.frames:
            return self._place.temporary
        self._place.abort()
        return None


class DataFile:
    """The lines of everything that was annotated, in one file. Every method raises RecordingError.

    The name is taken and locked at once; the file is written from the first line on. `face_points`: with those of
    faces.
    """

    def __init__(self, target: Path, *, overwrite: bool, face_points: bool = True) -> None:
        self._face_points = face_points
        self._place = Placing(target, overwrite=overwrite)
        try:
            self._lock = Lock(self._place.temporary)
        except RecordingError:
            self._place.abort()
            raise
        self._begun: SidecarWriter | None = None

    @property
    def _writer(self) -> SidecarWriter:
        if self._begun is None:
            self._begun = SidecarWriter(self._place.temporary, face_points=self._face_points)
        return self._begun

    def header(self, file: str, source: str, size: Size, start: str, program: str, networks: Mapping[str, str]) -> None:
        """A video begins."""
        self._writer.header(program=program, source=source, size=size, start=start, networks=networks, file=file)

    def line(self, file: str, frame: int, time: float, scene: Scene, position: float | None) -> None:
        """One frame of a video, `time` seconds after its first."""
        self._writer.line(frame, time, scene, position=position, file=file)

    def end(self, file: str, frames: int) -> None:
        """A video ends."""
        self._writer.end(frames=frames, file=file)

    def picture(self, file: str, size: Size, scene: Scene) -> None:
        """A single picture."""
        self._writer.picture(file, size, scene)

    def finish(self) -> Path | None:
        """Make it whole and give it its name; without lines there is no file, and None is given."""
        try:
            if self._begun is not None:
                self._begun.close()
            before_moving(self._lock.release)
            if self._begun is None:
                self._place.abort()
                return None
            return self._place.finish()
        finally:
            self._lock.release()

    def keep(self) -> Path | None:
        """Close it after an error: what was written stays under the temporary name, which is given. Never raises."""
        if self._begun is not None:
            with contextlib.suppress(RecordingError):  # it follows from the error that was told
                self._begun.close()
        self._lock.release()
        if self._begun is not None:
            return self._place.temporary
        self._place.abort()
        return None


def write_picture(target: Path, pixels: Pixels, *, overwrite: bool) -> Path:
    """Write BGR pixels as a picture of the kind that the name's suffix says. Raises RecordingError."""
    place = Placing(target, overwrite=overwrite)
    try:
        place.temporary.write_bytes(_encoded(target, pixels))
    except OSError as error:
        place.abort()
        raise RecordingError(f"The picture {target} cannot be written: {why(error)}.") from error
    except RecordingError:
        place.abort()
        raise
    return place.finish()


def _encoded(target: Path, pixels: Pixels) -> bytes:
    suffix = target.suffix.lower()
    try:
        done, data = cv2.imencode(suffix, pixels, list(_QUALITY.get(suffix, ())))
    except cv2.error as error:
        raise KindError(f"{target} cannot hold a picture of this size: write it as .png.") from error
    if not done:
        raise KindError(f"{target} cannot hold a picture of this size: write it as .png.")
    return data.tobytes()
