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
        self._first: float | None = None
        self._ticks = -1
        self._keyframe = 0
        self._fits: dict[Size, Fit] = {}
        try:
            self._context = self._opened()
        except (FFmpegError, OSError, ValueError) as error:
            raise RecordingError(f"The encoder {X264} cannot be opened: {str(error).rstrip('.')}.") from error

    def _opened(self) -> VideoCodecContext:
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
        context.open()
        return context

    @property
    def time(self) -> float:
        """Seconds from the first frame to the last, 0 before."""
        return max(0, self._ticks) / TICKS

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
        first = self._ticks < 0
        ticks = max(self._ticks + 1, round((time - self._first) * TICKS))
        height, width = pixels.shape[:2]
        frame = av.VideoFrame.from_ndarray(i420(self.fit_of((width, height)).pixels(pixels)), format="yuv420p")
        frame.pts = ticks
        frame.time_base = Fraction(1, TICKS)
        if first or ticks - self._keyframe >= KEYFRAME_EVERY * TICKS:
            frame.pict_type = PictureType.I
            self._keyframe = ticks
        packets = self._given(frame)
        self._ticks = ticks
        return packets

    def finish(self) -> list[Packet]:
        """The packets that are not given yet; no frame comes after. Raises RecordingError."""
        return self._given(None)

    def _given(self, frame: av.VideoFrame | None) -> list[Packet]:
        try:
            return [
                Packet(bytes(packet), packet.pts or 0, packet.is_keyframe) for packet in self._context.encode(frame)
            ]
        except (FFmpegError, OSError) as error:
            raise RecordingError(f"The encoder {X264} gave up: {str(error).rstrip('.')}.") from error
