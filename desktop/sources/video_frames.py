"""From a decoded video frame to pixels and a time: right colours, square pixels, upright; times that never go back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from desktop.frame import Pixels
from desktop.sources.orientation import UPRIGHT, Orientation, by_display_matrix

NANOSECONDS = 1_000_000_000
_BACK = NANOSECONDS // 4  # a time that falls back by more is that of files joined, not of frames in disorder
_AHEAD = 10 * NANOSECONDS  # in a broadcast, a time that is ahead by more is another clock's, as FFmpeg takes it
_USUAL_FPS = 25  # where a file stores neither times nor a rate
_MATRICES = {int(one): one for one in Colorspace if one is not Colorspace.DEFAULT}
_BT2020_CONSTANT = 10  # swscale has one matrix for both kinds of BT.2020


class Picture:
    """Converts the frames of one stream, whose pixels have the proportions `aspect` (width by height, None: square).

    Pixels that are not square are scaled up to square ones, so that people keep their proportions and nothing is lost.
    """

    def __init__(self, aspect: Fraction | None) -> None:
        self._aspect = aspect
        self._reformatter = VideoReformatter()  # kept: its scaler would else be made anew for every frame
        self._turned: tuple[int, int, int] | None = None
        self._orientation = UPRIGHT

    def size(self, frame: VideoFrame) -> tuple[int, int]:
        """Width and height of what `pixels` gives for this frame."""
        return self._orientation_of(frame).size(self._square(frame))

    def pixels(self, frame: VideoFrame) -> Pixels:
        """(height, width, 3) BGR uint8, upright. Raises FFmpegError or ValueError for a format without conversion.

        swscale takes 0.3 ms for 1280x720 so; OpenCV's own conversion of I420 takes longer, and knows BT.601 alone.
        """
        width, height = self._square(frame)
        space = matrix(frame)
        converted = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format="bgr24",
            src_colorspace=space,
            dst_colorspace=space,
            src_color_range=full_or_limited(frame),
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )
        return self._orientation_of(frame).upright(np.asarray(converted.to_ndarray(), np.uint8))

    def _orientation_of(self, frame: VideoFrame) -> Orientation:
        """Looked up only where something changed: PyAV's side data keep their frame alive until the collector runs."""
        turned = (frame.rotation, frame.width, frame.height)
        if turned != self._turned:
            self._turned, self._orientation = turned, orientation(frame)
        return self._orientation

    def _square(self, frame: VideoFrame) -> tuple[int, int]:
        width, height, aspect = frame.width, frame.height, self._aspect
        if not aspect or not Fraction(1, 5) <= aspect <= 5 or abs(aspect - 1) < Fraction(1, 100):
            return width, height
        return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))


def orientation(frame: VideoFrame) -> Orientation:
    """How the frame is to be turned, by the display matrix of its stream."""
    stored = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(stored, SideData):
        return UPRIGHT
    return by_display_matrix(np.frombuffer(bytes(stored), np.int32).tolist())


def matrix(frame: VideoFrame) -> Colorspace:
    """The frame's colour matrix; where none is named BT.709 from 720 rows or 1280 columns on, else BT.601.

    Players guess by size too: who wrote the file without a name guessed the same.
    """
    if frame.colorspace == _BT2020_CONSTANT:
        return Colorspace.BT2020
    known = _MATRICES.get(frame.colorspace)
    if known is not None:
        return known
    return Colorspace.ITU709 if frame.height >= 720 or frame.width >= 1280 else Colorspace.ITU601


def full_or_limited(frame: VideoFrame) -> ColorRange:
    """Whether black and white are 0 and 255 (JPEG) or 16 and 235 (MPEG)."""
    name = frame.format.name
    if frame.format.is_rgb or name.startswith(("yuvj", "pal8")) or frame.color_range == ColorRange.JPEG:
        return ColorRange.JPEG
    if frame.color_range == ColorRange.UNSPECIFIED and name.startswith(("gray", "ya8", "ya16", "mono")):
        return ColorRange.JPEG
    return ColorRange.MPEG


class Clock:
    """The times of one pass through a video, in ns from its first frame.

    A missing time is that of the frame before and its duration. One that falls back by more than a quarter of a second,
    or in a `broadcast` jumps ahead by more than ten, begins another part, which follows the part before; other disorder
    is held at the time before, so that none goes back. `step`: how long the newest frame lasts. `fps`: nominal, where
    the file says so. `origins`: for each part that has begun, the stored time (ns) that is 0.
    """

    def __init__(self, fps: float | None, *, broadcast: bool = False) -> None:
        self._broadcast = broadcast
        self._usual = round(NANOSECONDS / (fps or _USUAL_FPS))
        self.origins: list[int] = []
        self._last: int | None = None
        self.step = self._usual

    def time(self, frame: VideoFrame) -> int:
        """The time of the next frame."""
        stored = _nanoseconds(frame)
        if self._last is None:
            if stored is not None:
                self.origins.append(stored)
            time = 0
        else:
            due = self._last + self.step
            if stored is None:
                time = due
            elif not self.origins or begins_anew(stored - self.origins[-1] - self._last, broadcast=self._broadcast):
                self.origins.append(stored - due)
                time = due
            else:
                time = max(stored - self.origins[-1], self._last)
        lasts = round(frame.duration * frame.time_base * NANOSECONDS) if frame.duration and frame.time_base else 0
        interval = time - self._last if self._last is not None else 0
        self.step = lasts if lasts > 0 else interval if interval > 0 else self._usual
        self._last = time
        return time


def begins_anew(step: int, *, broadcast: bool) -> bool:
    """Whether a stored time that is `step` ns after the one before is of another clock."""
    return step < -_BACK or (broadcast and step > _AHEAD)


def _nanoseconds(frame: VideoFrame) -> int | None:
    stored = frame.pts if frame.pts is not None else frame.dts
    if stored is None or frame.time_base is None:
        return None
    return round(stored * frame.time_base * NANOSECONDS)
