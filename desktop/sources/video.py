"""Videos from files: every frame at its own time, upright, up to where the file ends or breaks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from av.container.input import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from desktop.frame import Frame
from desktop.sources.source import SourceInfo
from desktop.sources.video_frames import NANOSECONDS, Clock, Picture
from models.errors import SourceError

logger = logging.getLogger(__name__)

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".m2v", ".vob", ".ts", ".mts", ".m2ts"}
    | {".ogv", ".flv", ".wmv", ".asf", ".mxf", ".dv", ".y4m", ".gif", ".mjpeg", ".mjpg", ".h264", ".h265", ".hevc"}
)
"""Endings that say "a video"; any other file that FFmpeg can read is accepted too."""

THREADS = 2
"""Of the decoder: large pictures need a second one to keep up, small ones leave it idle."""

MOST_PIXELS = 1 << 26
"""Of a picture: 8192 x 8192. A file of a kilobyte that claims 16000 x 16000 took 2.8 GB of memory."""

_NO_VIDEOS = {"tty", "image2", "image2pipe", "concat", "hls", "dash", "lavfi"}  # texts and lists that would be played


class VideoSource:
    """A video file.

    `name`: what it is called in titles and sentences, by default its path. `loop`: starts over at the end; `time` then
    goes on, and `position` is the time in the file. `threads`: of the decoder.

    A file that is damaged or cut off gives what can be read; then `read` raises SourceError where it would give None,
    and says how far it went. In a loop that is logged, and it starts over.
    """

    live = False

    def __init__(self, path: Path, *, name: str = "", loop: bool = False, threads: int = THREADS) -> None:
        self.name = name or str(path)
        self._path, self._loop, self._threads = path, loop, threads
        self._lock = threading.Lock()  # closing a container that is decoding would crash the process
        self._reading: _Reading | None = None
        self._index = 0
        self._offset = 0
        self._origins: list[int] = []

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self._path

    @property
    def origins(self) -> Sequence[int]:
        """Stored times (ns) that are 0 for its frames: one, and one more wherever the file's clock began anew."""
        return self._origins

    def open(self) -> SourceInfo:
        """Open it. Raises SourceError where there is no such file, or it holds no video that can be read."""
        with self._lock:
            self._let_go()
            self._index = self._offset = 0
            self._reading = self._start()
            self._origins = self._reading.origins
            return self._reading.info

    def read(self) -> Frame | None:
        """The next frame; None at the end. Raises SourceError, once, at the end of a damaged or cut off file."""
        with self._lock:
            if self._reading is None:
                return None
            try:
                frame = self._reading.next(self._index, self._offset)
                if frame is None and self._loop:
                    frame = self._start_over(self._reading)
            except (FFmpegError, ValueError, MemoryError) as error:
                self._let_go()
                raise SourceError(f"{self.name} cannot be converted to a picture: {error}.") from error
            if frame is None:
                complaint = self._reading.complaint(self.name)
                self._let_go()
                if complaint:
                    raise SourceError(complaint)
                return None
            self._index += 1
            return frame if self._loop else Frame(frame.pixels, frame.index, frame.time)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def _start_over(self, ended: _Reading) -> Frame | None:
        complaint = ended.complaint(self.name)
        if complaint:
            logger.warning("%s", complaint)
        self._offset += ended.length
        self._let_go()
        self._reading = self._start()
        return self._reading.next(self._index, self._offset)

    def _start(self) -> _Reading:
        try:
            return _Reading(self._path, self.name, self._threads)
        except (FFmpegError, OSError, ValueError) as error:
            raise SourceError(self._why_not(error)) from error

    def _why_not(self, error: Exception) -> str:
        if isinstance(error, FileNotFoundError) or not self._path.exists():
            return f"There is no file {self.name}."
        if isinstance(error, PermissionError):
            return f"{self.name} may not be read: its permissions do not allow it."
        if self._path.is_file() and self._path.stat().st_size == 0:
            return f"{self.name} is empty: it has 0 bytes."
        if self._path.suffix.lower() in VIDEO_SUFFIXES:
            return f"{self.name} cannot be read: it is no video, or it is damaged or cut off."
        return f"{self.name} cannot be read: it is no video or picture of a kind known here."


class _Reading:
    """One pass through the file. Raises what PyAV raises, and SourceError for what is no video."""

    def __init__(self, path: Path, name: str, threads: int) -> None:
        self._damage = _Damage()
        self._count = 0
        self._last = 0
        self._container = opened(path)
        # There the flag says that something was lost or joined before, as is usual, and the packet may be whole.
        self._broadcast = "mpegts" in self._container.format.name
        self._frames: Generator[VideoFrame] | None = None
        try:
            stream = video_stream(self._container, name)
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = threads
            stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}  # pictures that come later are held to it
            self._frames = self._decoded(stream)
            first = _first(self._frames, name)
            self._pending: VideoFrame | None = first
            rate = stream.average_rate or stream.guessed_rate
            fps = float(rate) if rate and 0 < rate <= 1000 else None
            self._clock = Clock(fps, broadcast=self._broadcast)
            self.origins = self._clock.origins
            self._picture = Picture(stream.codec_context.sample_aspect_ratio)
            self._promised = _promised(self._container, stream, first)
            self._goes_beyond = _goes_beyond(path, stream)
            duration = self._promised or _duration(self._container, stream)
            self.info = SourceInfo(self._picture.size(first), fps, stream.frames or None, duration)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of decoder and file, in this order; what PyAV keeps alive else is a leak."""
        self._pending = None
        if self._frames is not None:
            self._frames.close()
            self._frames = None
        self._container.close()

    def next(self, index: int, offset: int) -> Frame | None:
        """The next frame, at `offset` ns and its time in the file, None at the end."""
        if self._frames is None:
            return None
        decoded, self._pending = self._pending, None
        if decoded is None:
            decoded = next(self._frames, None)
        if decoded is None:
            return None
        self._count += 1
        self._last = self._clock.time(decoded)
        return Frame(self._picture.pixels(decoded), index, offset + self._last, self._last)

    @property
    def length(self) -> int:
        """Nanoseconds from the first frame read to the end of the last."""
        return self._last + self._clock.step

    def complaint(self, name: str) -> str:
        """What was wrong with the file, once it has ended: one sentence, "" where it was whole."""
        missing = 0.0 if self._promised is None else self._promised - self.length / NANOSECONDS
        short = missing > 0.1 + 2 * self._clock.step / NANOSECONDS
        if self._damage.at_end or self._goes_beyond or short:
            frames = "1 frame" if self._count == 1 else f"{self._count} frames"
            seconds = self.length / NANOSECONDS
            return f"{name} is damaged or cut off after {frames}, at {seconds:.1f} s: what could be read was used."
        if self._damage.places:
            places = "one place" if self._damage.places == 1 else f"{self._damage.places} places"
            return f"{name} is damaged in {places}: what could be read was used."
        return ""

    def _decoded(self, stream: VideoStream) -> Generator[VideoFrame]:
        packets = self._container.demux(stream)
        try:
            while True:
                try:
                    packet = next(packets, None)
                except (FFmpegError, OSError) as error:
                    self._damage.note(error)
                    return
                except IndexError:  # PyAV 18.1 at the end of a broadcast in which one more stream appeared on the way
                    return
                if packet is None:
                    return
                yield from self._frames_of(packet)
        finally:
            if isinstance(packets, Generator):
                packets.close()

    def _frames_of(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        if packet.is_corrupt and not self._broadcast:  # cut in its middle: would decode to half a picture
            self._damage.note("a packet is not whole")
            return []
        try:
            frames = packet.decode()
        except FFmpegError as error:
            self._damage.note(error)
            return []
        if packet.size:  # the empty one at the end asks for what the decoder still holds
            self._damage.at_end = False
        return frames


@dataclass(slots=True)
class _Damage:
    """`places` that could not be read, and whether nothing came `at_end` after the last of them."""

    places: int = 0
    at_end: bool = False

    def note(self, reason: object) -> None:
        self.places += 1
        self.at_end = True
        logger.debug("damaged: %s", reason)


def opened(path: Path) -> InputContainer:
    """A file, opened with care for what it may hold. Raises what PyAV raises."""
    # "file:" lets names hold colons; nothing but local files is opened, whatever the file may name.
    return av.open(
        f"file:{path}",
        container_options={"protocol_whitelist": "file"},
        options={"max_pixels": str(MOST_PIXELS)},  # FFmpeg decodes a picture to know what a file holds
        metadata_errors="replace",
    )


def video_stream(container: InputContainer, name: str) -> VideoStream:
    """The stream to be shown: the default one, else the largest; covers of music do not count."""
    if set(container.format.name.split(",")) & _NO_VIDEOS:
        raise SourceError(f"{name} is no video: it is a text or a list.")
    streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not streams:
        what = "only sound" if container.streams.audio else "no moving picture"
        raise SourceError(f"{name} holds {what}: name a video.")
    known = [one for one in streams if one.codec_context is not None]
    if not known:
        raise SourceError(f"{name} is coded in a way that is not known here: convert it to H.264.")
    chosen = max(known, key=lambda one: (bool(one.disposition & Disposition.default), one.width * one.height))
    if chosen.width * chosen.height > MOST_PIXELS:
        raise SourceError(
            f"{name} has pictures of {chosen.width} x {chosen.height} pixels, more than are read here: make it smaller."
        )
    return chosen


def _first(frames: Iterator[VideoFrame], name: str) -> VideoFrame:
    first = next(frames, None)
    if first is None:
        raise SourceError(f"{name} holds no frame that can be read: it is damaged or cut off.")
    return first


def _duration(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _promised(container: InputContainer, stream: VideoStream, first: VideoFrame) -> float | None:
    """Seconds from the first frame to where a Matroska file, when it was whole, said that this stream ends.

    Other containers say what is there, or guess.
    """
    text = stream.metadata.get("DURATION", "")
    if "matroska" not in container.format.name or text.count(":") != 2:
        return None
    hours, minutes, seconds = text.split(":")
    try:
        end = int(hours) * 3600 + int(minutes) * 60 + float(seconds.strip("\0 "))
    except ValueError:
        return None
    return end - (first.time or 0.0)


def _goes_beyond(path: Path, stream: VideoStream) -> bool:
    """Whether the index of an MP4 names a frame behind the end of the file: it was cut off, perhaps between two."""
    entries = stream.index_entries
    if not len(entries):
        return False
    last = entries[len(entries) - 1]
    return last.pos + last.size > path.stat().st_size
