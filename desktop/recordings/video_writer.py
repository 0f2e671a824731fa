"""Writes an H.264 video in MP4 that tells the truth about time and plays after a crash: an encoder and its file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from av.packet import Packet

from desktop.frame import Pixels
from desktop.recordings.encoder import Encoder
from desktop.recordings.encoders import TICKS
from desktop.recordings.options import PLAIN, VideoOptions
from desktop.recordings.pixels import Fit, Size
from desktop.recordings.sound import Sound
from desktop.recordings.video_file import VideoFile
from models.errors import RecordingError


class VideoWriter:
    """One video file, written frame by frame. Used by one thread.

    `path` is written at once and overwritten: `Placing` cares for names. `size`: (width, height) of the first frame;
    later ones of another size are scaled into it with bars (`fit_of` says how). `fps` only says how long a single frame
    lasts. `sounds`: streams of sound besides. Raises RecordingError, once, when the file cannot be made or written; it
    is closed then, as whole as it could be made: the last frames may be lost then, though `frames` counts them.
    """

    def __init__(
        self,
        path: Path,
        size: Size,
        *,
        fps: float = 30.0,
        options: VideoOptions = PLAIN,
        sounds: Sequence[Sound] = (),
    ) -> None:
        self.path = path
        self.frames = 0
        self._encoder = Encoder(size, options=options, fps=fps)
        self._file = VideoFile(path, fps=fps, sounds=sounds)
        self._closed = False

    @property
    def size(self) -> Size:
        """Width and height of its pictures."""
        return self._encoder.size

    @property
    def duration(self) -> float:
        """Seconds the file lasts, the last frame included, 0 without frames."""
        return self._file.duration

    def fit_of(self, size: Size) -> Fit:
        """How frames of `size` are placed into this video's pictures."""
        return self._encoder.fit_of(size)

    def write(self, pixels: Pixels, time: float) -> float:
        """Append a frame, BGR (height, width, 3), taken at `time` (seconds, of any origin).

        Returns its time in the file in seconds: 0 for the first. A time not after the frame before is moved one tick
        (1/90000 s) after it.
        """
        if self._closed:
            raise RecordingError(f"The video {self.path} is closed already.")
        for packet in self._encoder.encode(pixels, time):
            self._file.write(packet)
        self.frames += 1
        return self._encoder.ticks / TICKS

    @property
    def takes_sound(self) -> bool:
        """Whether the video has begun, so that sound can be written."""
        return self._file.takes_sound

    def write_sound(self, number: int, packet: Packet[Any], time: float) -> None:
        """Append a packet of an input to stream `number` of the sounds, heard at `time`: seconds in the file."""
        self._file.write_sound(number, packet, time)

    def close(self) -> None:
        """Make the file whole; more than once is fine. Raises RecordingError when the end could not be written.

        Without a frame it holds nothing that plays.
        """
        if self._closed:
            return
        self._closed = True
        try:
            for packet in self._encoder.finish():
                self._file.write(packet)
        finally:
            self._file.close()
