"""Writes an H.264 video in MP4 that tells the truth about time and plays after a crash.

The file is made of fragments, flushed as they are made, and becomes an ordinary MP4 with an index when it is closed
("hybrid"): what was written plays however the program ends. A fragment ends where the next keyframe begins, so a
keyframe is forced whenever half a second of *time* has passed, few frames or many.
"""

from __future__ import annotations

import contextlib
import io
from collections import deque
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.stream import VideoStream

from desktop.frame import Pixels
from desktop.recordings.pixels import Fit, Size, fit, i420, recorded_size
from desktop.recordings.reasons import why
from models.errors import RecordingError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

TICKS = 90_000
"""Ticks a second of the file's time base; times are true within one of them."""

KEYFRAME_EVERY = 0.5
"""Seconds after which a keyframe is forced."""

_CONTAINER = {
    "movflags": "hybrid_fragmented+frag_keyframe",
    "flush_packets": "1",
    "movie_timescale": str(TICKS),  # of 1/1000 by default, to which durations would be rounded
}
# No look-ahead and no B-frames, so that a frame is in the file as soon as it was given.
_ENCODER = {"preset": "veryfast", "tune": "zerolatency", "crf": "21", "forced-idr": "1"}
# H.273: matrix 6 is BT.601 (SMPTE 170M), which OpenCV's I420 is at every size; 1 is BT.709; range 1 is limited ("tv").
_MATRIX, _PRIMARIES, _TRANSFER, _RANGE = 6, 1, 1, 1

_KEPT = "What was recorded is kept, but for its last moment."


class _File(io.FileIO):
    """Takes whole what FFmpeg hands over: the system may write a part, and FFmpeg would not give the rest again."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of `data`. Raises OSError where there is no room for the rest."""
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) :]
        return len(memoryview(data))


class VideoWriter:
    """One video file, written frame by frame. Used by one thread.

    `path` is written at once and overwritten: `Placing` cares for names. `size`: (width, height) of the first frame;
    later ones of another size are scaled into it with bars (`fit_of` says how). `fps` only says how long a single frame
    lasts. `threads` of the encoder, 0 for one a core. Raises RecordingError, once, when the file cannot be made or
    written; it is closed then, as whole as it could be made: the fragment in hand, half a second at most, is lost then,
    though `frames` counts its frames.
    """

    def __init__(self, path: Path, size: Size, *, fps: float = 30.0, threads: int = 1) -> None:
        self.path = path
        self.size = recorded_size(size)
        self.frames = 0
        self._first: float | None = None
        self._ticks = -1
        self._keyframe = 0
        self._intervals: deque[int] = deque([max(1, round(TICKS / fps))], maxlen=9)
        self._fits: dict[Size, Fit] = {}
        self._container: OutputContainer | None = None
        self._file: _File | None = None
        try:
            # Ours, and not FFmpeg's, so that it can be closed where the container must not be: see `_give_up`.
            self._file = _File(path, "wb")
            self._container = av.open(self._file, "w", format="mp4", container_options=_CONTAINER)
            self._stream = self._make_stream(self._container, threads)
            self._container.start_encoding()  # opens file and encoder, which would else wait for a frame
        except (FFmpegError, OSError, ValueError) as error:
            self._give_up()
            raise RecordingError(f"The video {path} cannot be made: {_reason(error)}.") from error

    def _make_stream(self, container: OutputContainer, threads: int) -> VideoStream:
        stream = container.add_stream("libx264", options=_ENCODER)
        stream.width, stream.height = (side + side % 2 for side in self.size)
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, TICKS)
        context = stream.codec_context
        context.time_base = Fraction(1, TICKS)
        context.thread_count = threads
        context.colorspace, context.color_primaries = _MATRIX, _PRIMARIES
        context.color_trc, context.color_range = _TRANSFER, _RANGE
        return stream

    @property
    def duration(self) -> float:
        """Seconds the file lasts, the last frame included, 0 without frames."""
        return (self._ticks + self._last_interval) / TICKS if self.frames else 0.0

    @property
    def _last_interval(self) -> int:
        return round(median(self._intervals))

    def fit_of(self, size: Size) -> Fit:
        """How frames of `size` are placed into this video's pictures."""
        if size not in self._fits:
            self._fits[size] = fit(size, self.size)
        return self._fits[size]

    def write(self, pixels: Pixels, time: float) -> float:
        """Append a frame, BGR (height, width, 3), taken at `time` (seconds, of any origin).

        Returns its time in the file in seconds: 0 for the first. A time not after the frame before is moved one tick
        (1/90000 s) after it.
        """
        if self._container is None:
            raise RecordingError(f"The video {self.path} is closed already.")
        if self._first is None:
            self._first = time
        ticks = max(self._ticks + 1, round((time - self._first) * TICKS))
        if self.frames:
            if self.frames == 1:
                self._intervals.clear()  # of the guess
            self._intervals.append(ticks - self._ticks)
        self._encode(self._container, pixels, ticks)
        self._ticks = ticks
        self.frames += 1
        return ticks / TICKS

    def _encode(self, container: OutputContainer, pixels: Pixels, ticks: int) -> None:
        height, width = pixels.shape[:2]
        frame = av.VideoFrame.from_ndarray(i420(self.fit_of((width, height)).pixels(pixels)), format="yuv420p")
        frame.pts = ticks
        frame.time_base = Fraction(1, TICKS)
        if self.frames == 0 or ticks - self._keyframe >= KEYFRAME_EVERY * TICKS:
            frame.pict_type = PictureType.I
            self._keyframe = ticks
        try:
            for packet in self._stream.encode(frame):
                packet.duration = (
                    self._last_interval
                )  # counts for the last frame alone: others end where the next begins
                container.mux(packet)
        except (FFmpegError, OSError) as error:
            self._give_up()
            raise RecordingError(
                f"The video {self.path} cannot be written further: {_reason(error)}. {_KEPT}"
            ) from error

    def close(self) -> None:
        """Make the file whole; more than once is fine. Raises RecordingError when the end could not be written.

        Without a frame it holds nothing that plays.
        """
        container = self._container
        if container is None:
            return
        try:
            if self.frames:
                container.mux(self._stream.encode(None))
                container.close()
                if self._file is not None:
                    self._file.close()  # a disk far away may refuse what it took only now
        except (FFmpegError, OSError) as error:
            raise RecordingError(
                f"The end of the video {self.path} cannot be written: {_reason(error)}. {_KEPT}"
            ) from error
        finally:
            self._give_up()

    def _give_up(self) -> None:
        """Close what is open, telling no further error: the first one is told, and the fragments written so far play.

        A container without a packet is not asked for its end, which kills the process (FFmpeg's MP4 in the hybrid
        mode, PyAV 18.1): where its file is closed before it, PyAV leaves the end out.
        """
        container, self._container = self._container, None
        file, self._file = self._file, None
        for opened in (container, file) if self.frames else (file, container):
            if opened is not None:
                with contextlib.suppress(FFmpegError, OSError, ValueError):
                    opened.close()


def _reason(error: Exception) -> str:
    return why(error) if isinstance(error, OSError) else str(error).rstrip(".")
