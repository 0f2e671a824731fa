"""An MP4 of packets that plays after a crash.

The file is made of fragments, flushed as they are made, and becomes an ordinary MP4 with an index when it is closed
("hybrid"): what was written plays however the program ends. Each frame is a fragment, written when the next comes, so
that a kill costs one frame, and not all since the last keyframe; that takes about 110 bytes a frame. With sound a
fragment lasts 0.2 s.
"""

from __future__ import annotations

import contextlib
import io
from collections import deque
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from desktop.recordings.encoder import Packet
from desktop.recordings.encoders import TICKS
from desktop.recordings.reasons import why
from desktop.recordings.sound import Sound
from desktop.recordings.syncing import sync
from models.errors import RecordingError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_CONTAINER = {
    "movflags": "hybrid_fragmented+frag_every_frame",
    "flush_packets": "1",
    "movie_timescale": str(TICKS),  # of 1/1000 by default, to which durations would be rounded
}

# With sound: FFmpeg holds packets back until every stream has one, by itself for ten seconds. Here in microseconds.
# What it says of sound at the beginning is wrong where a fragment ends before there is any: each lasts 0.2 s.
_WITH_SOUND = {
    "max_interleave_delta": "100000",
    "movflags": "hybrid_fragmented+frag_keyframe",
    "frag_duration": "200000",
}

_KEPT = "What was recorded is kept, but for its last moment."


class _File(io.FileIO):
    """Takes whole what FFmpeg hands over: the system may write a part, and FFmpeg would not give the rest again."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of `data`, or nothing: players read nothing of an MP4 that ends in the head of a fragment.

        Raises OSError where there is no room for it.
        """
        begin, rest = self.tell(), memoryview(data)
        try:
            while rest:
                rest = rest[super().write(rest) :]
        except OSError:
            with contextlib.suppress(OSError):
                self.truncate(begin)
                self.seek(begin)
            raise
        return len(memoryview(data))


class VideoFile:
    """One video file, written packet by packet. Used by one thread.

    `path` is written at once and overwritten: `Placing` cares for names. The first packet, a keyframe, is at 0 in the
    file. `fps` only says how long a single frame lasts. `sounds`: streams of sound besides. Raises RecordingError,
    once, when the file cannot be made or written; it is closed then, as whole as it could be made: the last frames
    may be lost then, though `frames` counts them.
    """

    def __init__(self, path: Path, *, fps: float = 30.0, sounds: Sequence[Sound] = ()) -> None:
        self.path = path
        self._sounds = sounds
        self.frames = 0
        self._first = self._last = 0
        self._intervals: deque[int] = deque([max(1, round(TICKS / fps))], maxlen=9)
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._file: _File | None = None
        try:
            # Ours, and not FFmpeg's, so that it can be closed where the container must not be: see `_give_up`.
            self._file = _File(path, "wb")
            self._file.write(b"\0")  # a disk without room says so now, not when the first packet is there
            self._file.seek(0)
            self._file.truncate()
        except OSError as error:
            self._give_up()
            raise RecordingError(f"The video {path} cannot be made: {why(error)}.") from error

    @property
    def duration(self) -> float:
        """Seconds the file lasts, the last frame included, 0 without frames."""
        return (self._last - self._first + self._last_interval) / TICKS if self.frames else 0.0

    @property
    def _last_interval(self) -> int:
        return round(median(self._intervals))

    def fileno(self) -> int:
        """The file's descriptor while it is open. Raises ValueError afterwards."""
        if self._file is None:
            raise ValueError(f"{self.path} is closed")
        return self._file.fileno()

    def write(self, packet: Packet) -> None:
        """Append a packet. Raises RecordingError."""
        if self._file is None:
            raise RecordingError(f"The video {self.path} is closed already.")
        if self.frames == 0:
            self._begin(self._file, packet)
        else:
            if self.frames == 1:
                self._intervals.clear()  # of the guess
            self._intervals.append(packet.ticks - self._last)
        self._mux(packet)
        self._last = packet.ticks
        self.frames += 1

    def _begin(self, file: _File, packet: Packet) -> None:
        self._first = packet.ticks
        try:
            # What FFmpeg reads in the first packet (size, profile, colours, headers) is what the file's header says.
            with av.open(io.BytesIO(packet.data), format="h264") as stream:
                options = _CONTAINER | (_WITH_SOUND if self._sounds else {})
                self._container = av.open(file, "w", format="mp4", container_options=options)
                self._stream = self._container.add_stream_from_template(stream.streams.video[0], opaque=True)
            self._stream.time_base = Fraction(1, TICKS)
            for sound in self._sounds:
                sound.begin(self._container)
            self._container.start_encoding()
        except (FFmpegError, OSError, ValueError, IndexError) as error:
            self._give_up()
            raise RecordingError(f"The video {self.path} cannot be made: {_reason(error)}.") from error

    def _mux(self, packet: Packet) -> None:
        assert self._container is not None
        assert self._stream is not None
        ours = av.Packet(packet.data)
        ours.pts = ours.dts = packet.ticks - self._first
        ours.time_base = Fraction(1, TICKS)
        ours.duration = self._last_interval  # counts for the last frame alone: others end where the next begins
        ours.is_keyframe = packet.key
        ours.stream = self._stream
        self._append([ours])

    @property
    def takes_sound(self) -> bool:
        """Whether the video has begun, so that sound can be written."""
        return self._container is not None

    def write_sound(self, number: int, packet: av.Packet[Any], time: float) -> None:
        """Append a packet of an input to stream `number` of the sounds, heard at `time`: seconds in the file.

        Sound is written as far as the pictures are: what is ahead of them makes FFmpeg hold it back. Raises
        RecordingError.
        """
        if self._container is None:
            raise RecordingError(f"The video {self.path} does not take sound now.")
        self._append(self._sounds[number].packets(packet, time))

    def _append(self, packets: Iterable[av.Packet[Any]]) -> None:
        assert self._container is not None
        try:
            for packet in packets:
                self._container.mux(packet)
        except (FFmpegError, OSError, ValueError) as error:
            self._give_up()
            raise RecordingError(
                f"The video {self.path} cannot be written further: {_reason(error)}. {_KEPT}"
            ) from error

    def close(self) -> None:
        """Make the file whole; more than once is fine. Raises RecordingError when the end could not be written.

        Without a packet it is empty.
        """
        try:
            if self._container is not None and self.frames:
                for sound in self._sounds:
                    self._container.mux(list(sound.rest()))
                self._container.close()
                if self._file is not None:
                    sync(self._file.fileno())  # before anybody gives it its name
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
