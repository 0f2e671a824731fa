"""Encoders of graphics cards behind `encoders.create`, with the habits of real ones; x264 makes their packets.

Run as `python fake_encoders.py HABIT NAME` it is the child process that tries an encoder with that habit.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, cast

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from desktop.recordings import encoder_trial, encoders
from desktop.recordings.options import X264

HABITS = (
    *("works", "missing", "fails at open", "fails at the fifth frame", "hangs", "aborts"),
    *("holds two back", "holds all back", "keeps its headers apart", "loses a frame", "turns colours"),
)
_IN_BAND = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"}
_AT = 4  # the frame at which something happens, counted from 0


released = threading.Event()
"""Set at the end of a test in whose process an encoder hangs, so that no thread is left."""


class FakeEncoder:
    """An encoder with a habit; all that is set on it is handed to x264's, but for the options."""

    real: Any
    habit: str
    frames: int
    waiting: list[Any]

    def __init__(self, habit: str) -> None:
        object.__setattr__(self, "real", av.CodecContext.create(X264, "w"))
        object.__setattr__(self, "habit", habit)
        object.__setattr__(self, "frames", 0)
        object.__setattr__(self, "waiting", [])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("frames", "waiting"):
            object.__setattr__(self, name, value)
        elif name != "options":
            setattr(self.real, name, value)

    def open(self) -> None:
        """As the real ones."""
        if self.habit == "fails at open":
            raise FFmpegError(22, "no device for it was found")
        if self.habit == "keeps its headers apart":
            self.real.flags |= 1 << 22
        self.real.options = dict(_IN_BAND)
        self.real.open()

    def encode(self, frame: av.VideoFrame | None) -> list[Any]:
        """As the real ones, with the habit."""
        if self.frames == _AT and frame is not None:
            if self.habit == "fails at the fifth frame":
                raise FFmpegError(5, "the driver was reset")
            if self.habit == "hangs":
                released.wait()
            if self.habit == "aborts":
                os.abort()
        if frame is not None and self.habit == "turns colours":
            planes = frame.to_ndarray()
            halved = np.asarray(np.concatenate((planes[:-1] // 2, planes[-1:])), np.uint8)
            turned = av.VideoFrame.from_ndarray(halved, format=frame.format.name)
            turned.pts, turned.time_base, turned.pict_type = frame.pts, frame.time_base, frame.pict_type
            frame = turned
        packets = self.real.encode(frame)
        self.frames += frame is not None
        if self.habit == "loses a frame" and self.frames == _AT:
            return []
        kept = {"holds two back": 2, "holds all back": 1000}.get(self.habit, 0) if frame is not None else 0
        self.waiting = [*self.waiting, *packets]
        ready = max(0, len(self.waiting) - kept)
        given, self.waiting = self.waiting[:ready], self.waiting[ready:]
        return given


def faking(habit: str) -> Callable[[str], VideoCodecContext]:
    """What stands in for `encoders.create`: every encoder but x264 has the habit."""
    real = encoders.create

    def create(name: str) -> VideoCodecContext:
        if name == X264:
            return real(name)
        if habit == "missing":
            raise UnknownCodecError(name)
        return cast("VideoCodecContext", FakeEncoder(habit))

    return create


if __name__ == "__main__":
    setattr(encoders, "create", faking(sys.argv[1]))  # noqa: B010 - it is no variable for mypy
    sys.exit(encoder_trial.main(sys.argv[2:]))
