"""From pixels to packets of H.264, each with its true time: what files and the ring before an event are made of.

Headers travel with every keyframe (*in band*), so that a file may begin at any keyframe.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from desktop.frame import Pixels
from desktop.recordings.options import PLAIN, X264, VideoOptions
from desktop.recordings.pixels import Fit, Size, fit, i420, recorded_size
from models.errors import RecordingError

TICKS = 90_000
"""Ticks a second of a video's time base; times are true within one of them."""

KEYFRAME_EVERY = 0.5
"""Seconds after which a keyframe is forced."""

# No look-ahead and no B-frames, so that a frame is a packet as soon as it was given.
_X264 = {"preset": "veryfast", "tune": "zerolatency", "forced-idr": "1"}
# H.273: matrix 6 is BT.601 (SMPTE 170M), which OpenCV's I420 is at every size; 1 is BT.709; range 1 is limited ("tv").
_MATRIX, _PRIMARIES, _TRANSFER, _RANGE = 6, 1, 1, 1
_GLOBAL_HEADER = 1 << 22
_FASTEST = 120  # frames a second: more than any camera gives; only the stream's level is told from it


@dataclass(frozen=True, slots=True)
class Packet:
    """One encoded frame. `ticks`: its time, 1/90000 s from the encoder's first frame. `key`: a file can begin here."""

    data: bytes
    ticks: int
    key: bool


class Encoder:
    """Encodes frames into packets, a keyframe at least every half second of *time*. Used by one thread.

    `size`: (width, height) of the frames; it and `options.height` give the video's `size`, into which frames of another
    size are scaled with bars (`fit_of` says how). `fps` is roughly the frames' rate. Raises RecordingError where it
    cannot be made.
    """

    def __init__(self, size: Size, *, options: VideoOptions = PLAIN, fps: float = 30.0) -> None:
        self.size = recorded_size(size, options.height)
        self._options, self._fps = options, fps
        self.ticks = -1
        """The time of the last frame, 1/90000 s from the first; -1 before the first."""
        self._first: float | None = None
        self._keyframe: int | None = None
        self._finished = False
        self._fits: dict[Size, Fit] = {}
        self._context = self._open()

    def _open(self) -> VideoCodecContext:
        context = VideoCodecContext.create("libx264", "w")
        context.width, context.height = (side + side % 2 for side in self.size)
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, TICKS)
        context.framerate = Fraction(min(_FASTEST, max(1, round(self._fps))))
        context.thread_count = self._options.threads
        context.colorspace, context.color_primaries = _MATRIX, _PRIMARIES
        context.color_trc, context.color_range = _TRANSFER, _RANGE
        context.flags &= ~_GLOBAL_HEADER
        context.options = _X264 | {"crf": str(self._options.quality)}
        try:
            context.open()
        except (FFmpegError, OSError, ValueError) as error:
            raise RecordingError(f"The encoder {X264} cannot be opened: {str(error).rstrip('.')}.") from error
        return context

    def fit_of(self, size: Size) -> Fit:
        """How frames of `size` are placed into this video's pictures."""
        if size not in self._fits:
            self._fits[size] = fit(size, self.size)
        return self._fits[size]

    def encode(self, pixels: Pixels, time: float) -> list[Packet]:
        """The packets that are ready after a frame, BGR (height, width, 3), taken at `time` (seconds, of any origin).

        A time not after the frame before is moved one tick (1/90000 s) after it. Raises RecordingError.
        """
        if self._first is None:
            self._first = time
        if self._finished:
            self._context, self._finished = self._open(), False
        self.ticks = max(self.ticks + 1, round((time - self._first) * TICKS))
        height, width = pixels.shape[:2]
        frame = av.VideoFrame.from_ndarray(i420(self.fit_of((width, height)).pixels(pixels)), format="yuv420p")
        frame.pts = self.ticks
        frame.time_base = Fraction(1, TICKS)
        if self._keyframe is None or self.ticks - self._keyframe >= KEYFRAME_EVERY * TICKS:
            frame.pict_type = PictureType.I
            self._keyframe = self.ticks
        return self._given(frame)

    def begin_anew(self) -> None:
        """Let the next frame be a keyframe."""
        self._keyframe = None

    def finish(self) -> list[Packet]:
        """The packets that are not given yet. A frame that comes after is a keyframe. Raises RecordingError."""
        if self._finished:
            return []
        self._finished, self._keyframe = True, None
        return self._given(None)

    def _given(self, frame: av.VideoFrame | None) -> list[Packet]:
        try:
            return [
                Packet(bytes(packet), packet.pts or 0, packet.is_keyframe) for packet in self._context.encode(frame)
            ]
        except (FFmpegError, OSError) as error:
            raise RecordingError(f"The encoder {X264} gave up: {str(error).rstrip('.')}.") from error
