"""From pixels to packets of H.264, each with its true time: what files and the ring before an event are made of.

Headers travel with every keyframe (*in band*), so that a file may begin at any keyframe, and another encoder may go on
where one gave up.
"""

from __future__ import annotations

import logging
import time as clocks
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TypeVar

import av
import numpy as np
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

from desktop.frame import Pixels
from desktop.recordings import encoders
from desktop.recordings.apart import Apart
from desktop.recordings.encoders import PRESETS, TICKS, Chooser
from desktop.recordings.options import AUTO, PLAIN, X264, VideoOptions
from desktop.recordings.pixels import Fit, Size, fit, i420, nv12, recorded_size
from models.errors import RecordingError

logger = logging.getLogger(__name__)

T = TypeVar("T")

KEYFRAME_EVERY = 0.5
"""Seconds after which a keyframe is forced."""

HANGS = 3.0
"""Seconds after which an encoder of the machine's that does not answer is left behind."""

MOST_HELD = 8
"""Frames: an encoder that holds back more than these has failed."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One encoded frame. `ticks`: its time, 1/90000 s from the encoder's first frame. `key`: a file can begin here."""

    data: bytes
    ticks: int
    key: bool


class Encoder:
    """Encodes frames into packets, a keyframe at least every half second of *time*. Used by one thread.

    `size`: (width, height) of the frames; it and `options.height` give the video's `size`, into which frames of another
    size are scaled with bars (`fit_of` says how). `fps` is roughly the frames' rate. Where an encoder of the machine's
    cannot be opened, fails or hangs, x264 goes on, from a keyframe, with all frames that were not given back; `notes`
    says so. `share`: the part of real time that encoding may take: where a second of frames took x264 more, it goes on
    with a faster preset at the next keyframe; None where nothing hurries. Raises RecordingError where it cannot be
    made.
    """

    def __init__(
        self,
        size: Size,
        *,
        options: VideoOptions = PLAIN,
        fps: float = 30.0,
        share: float | None = None,
        chooser: Chooser = encoders.chooser,
        clock: Callable[[], float] = clocks.perf_counter,
    ) -> None:
        self.size = recorded_size(size, options.height)
        self.ticks = -1
        """The time of the last frame, 1/90000 s from the first; -1 before the first."""
        self.notes: list[str] = []
        """What did not go as asked, in sentences."""
        self._options, self._fps, self._chooser = options, fps, chooser
        self._pace = _Pace(share, clock)
        self._preset = 0
        self._first: float | None = None
        self._keyframe: int | None = None
        self._held: deque[tuple[NDArray[np.uint8], int]] = deque()  # frames that have not come back as packets
        self._fits: dict[Size, Fit] = {}
        choice = chooser.choice(options.encoder)
        if options.encoder not in (AUTO, choice.name):
            reason = choice.refused[-1][1]
            self.notes.append(f"The encoder {options.encoder} is not used, {choice.name} is: {reason}.")
        self.name = choice.name
        """The encoder in use."""
        self._apart: Apart | None = None if self.name == X264 else Apart(f"encoder {self.name}")
        self._context: VideoCodecContext | None = self._open()

    @property
    def preset(self) -> str:
        """Of x264: the one in use."""
        return PRESETS[self._preset]

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
        self.ticks = max(self.ticks + 1, round((time - self._first) * TICKS))
        height, width = pixels.shape[:2]
        planes = i420(self.fit_of((width, height)).pixels(pixels))
        key = self._keyframe is None or self.ticks - self._keyframe >= KEYFRAME_EVERY * TICKS
        packets: list[Packet] = []
        if key:
            self._keyframe = self.ticks
            if self.name == X264 and self._preset + 1 < len(PRESETS) and self._pace.is_too_slow:
                packets += self._end()
                self._preset += 1
                self._pace.begin_anew()
                logger.info("encoding takes too long: preset %s from now on", self.preset)
        self._pace.begin()
        packets += self._put(planes, self.ticks, key)
        self._pace.end(self.ticks)
        return packets

    def begin_anew(self) -> None:
        """Let the next frame be a keyframe."""
        self._keyframe = None

    def finish(self) -> list[Packet]:
        """The packets that are not given yet. A frame that comes after is a keyframe. Raises RecordingError."""
        self._keyframe = None
        return self._end()

    def _put(self, planes: NDArray[np.uint8], ticks: int, key: bool) -> list[Packet]:
        """Encode a frame, `planes` in I420."""
        if self._context is None:
            self._context, key = self._open(), True
        self._held.append((planes, ticks))
        kind = encoders.pixel_format(self.name)
        frame = av.VideoFrame.from_ndarray(nv12(planes) if kind == "nv12" else planes, format=kind)
        frame.pts = ticks
        frame.time_base = Fraction(1, TICKS)
        if key:
            frame.pict_type = PictureType.I
        return self._given(frame)

    def _end(self) -> list[Packet]:
        """What the encoder still holds; another is opened for the next frame."""
        packets = self._given(None) if self._context is not None else []
        self._context = None
        return packets

    def _given(self, frame: av.VideoFrame | None) -> list[Packet]:
        assert self._context is not None
        try:
            packets = self._called(partial(_packets, self._context, frame))
        except (FFmpegError, OSError, ValueError) as error:
            return self._go_on(encoders.sentence(error), frame is None)
        for packet in packets:
            while self._held and self._held[0][1] <= packet.ticks:
                self._held.popleft()
        if len(self._held) > (MOST_HELD if frame is not None else 0) and self.name != X264:
            return packets + self._go_on("it holds frames back", frame is None)
        return packets

    def _go_on(self, reason: str, ends: bool) -> list[Packet]:
        """Let x264 encode what was not given back. Raises RecordingError where it is x264 that failed."""
        self._context, failed = None, self.name
        self._replace(reason)
        self._chooser.gave_up(failed, reason)
        held = list(self._held)
        self._held.clear()
        packets = [packet for planes, ticks in held for packet in self._put(planes, ticks, False)]
        return packets + (self._end() if ends else [])

    def _open(self) -> VideoCodecContext:
        """An encoder, x264 where the machine's own cannot be opened."""
        width, height = (side + side % 2 for side in self.size)
        while True:
            try:
                return self._called(
                    partial(encoders.opened, self.name, (width, height), self._options, self._fps, self.preset)
                )
            except (FFmpegError, OSError, ValueError) as error:
                self._replace(encoders.sentence(error))

    def _called(self, call: Callable[[], T]) -> T:
        return call() if self._apart is None else self._apart(call, HANGS)

    def _replace(self, reason: str) -> None:
        if self.name == X264:
            raise RecordingError(f"The encoder {X264} cannot be used: {reason}.")
        self.notes.append(f"The encoder {self.name} gave up ({reason}): {X264} goes on.")
        logger.warning("%s", self.notes[-1])
        if self._apart is not None:
            self._apart.end()
        self.name, self._apart = X264, None


def _packets(context: VideoCodecContext, frame: av.VideoFrame | None) -> list[Packet]:
    return [Packet(bytes(packet), packet.pts or 0, packet.is_keyframe) for packet in context.encode(frame)]


class _Pace:
    """How large a part of real time encoding takes, second by second of the frames' own time."""

    def __init__(self, share: float | None, clock: Callable[[], float]) -> None:
        self._share, self._clock = share, clock
        self._since: int | None = None
        self._began = self._busy = 0.0
        self.is_too_slow = False

    def begin_anew(self) -> None:
        """Forget what was measured."""
        self._since, self._busy, self.is_too_slow = None, 0.0, False

    def begin(self) -> None:
        """A frame is encoded from now on."""
        self._began = self._clock()

    def end(self, ticks: int) -> None:
        """The frame at `ticks` is encoded."""
        if self._share is None:
            return
        took = self._clock() - self._began
        if self._since is None:
            self._since = ticks
        if ticks - self._since >= TICKS:
            self.is_too_slow = self._busy > self._share * (ticks - self._since) / TICKS
            self._since, self._busy = ticks, 0.0
        self._busy += took
