"""What of a cut-off MP4 plays, and the same packets as an ordinary MP4 with an index."""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from av.container.input import InputContainer
from av.container.output import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from desktop.recordings.reasons import why, why_unread
from desktop.recordings.syncing import sync
from models.errors import RecordingError

TAIL = 3.0
"""Seconds at the end that are decoded: what is older was on the disk for longer than the writer keeps anything back."""

STRIDE = 256
"""Frames between two questions whether to go on."""

_MOST_BOXES = 1 << 24  # three days of fragments
_MOST_PIXELS = 1 << 26  # 8192 x 8192: a header that claims more lies, and would take gigabytes
_SLICES = (1, 5)  # NAL units that hold a part of a picture
_TICKS = "90000"  # of the movie's own clock, to which durations would else be rounded to milliseconds

_EMPTY = "{} is empty: the program ended before a picture of it was on the disk. It can be deleted."
_NOTHING = "{} holds nothing that plays: it is no video, or was cut off before a picture of it was on the disk."

Going = Callable[[float], bool]
"""Told which share (0 to 1) is done; answers whether to go on."""


class Halted(Exception):  # noqa: N818 - no error: somebody wanted it
    """`Going` answered that it is to end here."""


@dataclass(frozen=True, slots=True)
class Playable:
    """`times`: seconds of each frame that plays, from the first. `whole`: it is an ordinary MP4 with an index, in which
    nothing is missing."""

    times: tuple[float, ...]
    whole: bool


def holds_fragment(path: Path) -> bool:
    """Whether there is anything in an MP4 that could play; only the headers of its boxes are read. Never raises."""
    try:
        names = {name for name, *_, size in _boxes(path) if size or name == b"mdat"}
    except OSError:
        return False
    return {b"moov", b"mdat"} <= names


def playable(path: Path, going: Going = lambda _share: True) -> Playable:
    """The frames of an MP4, cut off or not, up to the first that does not play.

    Every packet is held against its own stated lengths, and the last seconds are decoded. Raises RecordingError where
    the file cannot be read or holds no frame, Halted where `going` says so.
    """
    try:
        if not path.stat().st_size:
            raise RecordingError(_EMPTY.format(path))
        with _opened(path) as file:
            stream = _video(file, path)
            scale, indexed = stream.time_base, stream.frames
            ticks, tail = _packets(file, stream, path.stat().st_size, going)
        if ticks:
            ticks = ticks[: tail + _decoded(path, ticks[tail], len(ticks) - tail)]
        if not ticks or scale is None:
            raise RecordingError(_NOTHING.format(path))
        whole = indexed == len(ticks) and _has_index(path)
    except FFmpegError as error:
        raise RecordingError(_NOTHING.format(path)) from error
    except OSError as error:
        raise RecordingError(f"The video {path} cannot be read: {why_unread(error)}.") from error
    ticks.sort()
    return Playable(tuple(float((tick - ticks[0]) * scale) for tick in ticks), whole)


def remux(source: Path, target: Path, times: Sequence[float], going: Going = lambda _share: True) -> None:
    """Write the frames of `source` at `times`, its first ones, and the sound beside them, to `target`: an MP4, on disk.

    Packets are copied as they are. Raises RecordingError, or Halted; `target` is to be removed then.
    """
    try:
        with (
            _opened(source) as old,
            av.open(f"file:{target}", "w", format="mp4", container_options={"movie_timescale": _TICKS}) as new,
        ):
            copied = _copy(old, new, _video(old, source), times, going)
        with target.open("rb+") as written:
            sync(written.fileno())
    except FFmpegError as error:
        reason = why(error) if isinstance(error, OSError) else str(error).rstrip(".")
        raise RecordingError(f"{source} cannot be repaired: {reason}.") from error
    except OSError as error:
        raise RecordingError(f"{source} cannot be repaired: {why(error)}.") from error
    if copied < len(times):
        raise RecordingError(f"{source} changed while it was being repaired: try again.")


class _Head(io.FileIO):
    """The first `end` bytes of a file."""

    def __init__(self, path: Path, end: int) -> None:
        super().__init__(path, "rb")
        self._end = end

    def read(self, size: int | None = -1, /) -> bytes:
        """As of a file that ends there."""
        left = max(0, self._end - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left)) or b""

    def seek(self, place: int, whence: int = os.SEEK_SET, /) -> int:
        """As of a file that ends there."""
        return super().seek(self._end + place) if whence == os.SEEK_END else super().seek(place, whence)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    """The file up to the box that is not whole: FFmpeg reads nothing at all of an MP4 whose last `moof` is cut off.

    It reads what is there of an `mdat`. Nothing but this file is opened, whatever it may name.
    """
    end = next((start for name, start, _, size in _boxes(path) if size is None and name != b"mdat"), None)
    if end == 0:
        raise RecordingError(_NOTHING.format(path))
    with contextlib.ExitStack() as opened:
        head = None if end is None else opened.enter_context(_Head(path, end))
        # "file:" lets names hold colons
        name = f"file:{path}" if head is None else head
        own, codec = {"protocol_whitelist": "file"}, {"max_pixels": str(_MOST_PIXELS)}
        file = av.open(name, "r", format="mp4", container_options=own, options=codec, metadata_errors="replace")
        yield opened.enter_context(file)


def _video(file: InputContainer, path: Path) -> VideoStream:
    for stream in file.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            stream.codec_context.options = {"max_pixels": str(_MOST_PIXELS)}
            return stream
    raise RecordingError(f"{path} holds no video that could be repaired.")


def _packets(file: InputContainer, stream: VideoStream, size: int, going: Going) -> tuple[list[int], int]:
    """The times in ticks of all packets up to the first that is not whole, and the number of the one, a keyframe's,
    from which on the tail is to be decoded. None where the first is no keyframe's."""
    prefix = _prefix(stream)
    ticks: list[int] = []
    keys: list[int] = []
    with contextlib.suppress(FFmpegError, OSError):  # what came before it plays
        for packet in file.demux(stream):
            if packet.pts is None or packet.is_corrupt or not (packet.is_keyframe or keys):
                break
            if not packet.size or (prefix and not _is_whole_picture(bytes(packet), prefix)):
                break
            if packet.is_keyframe:
                keys.append(len(ticks))
            ticks.append(packet.pts)
            if len(ticks) % STRIDE == 0 and not going(min(1.0, (packet.pos or 0) / size)):
                raise Halted
    if not ticks or stream.time_base is None:
        return [], 0
    late = ticks[-1] - round(TAIL / stream.time_base)
    return ticks, max((key for key in keys if ticks[key] <= late), default=0)


def _prefix(stream: VideoStream) -> int:
    """Bytes of the lengths before each NAL unit, as `avcC` (ISO/IEC 14496-15, 5.3.3.1) says; 0 where it is no H.264."""
    extra = stream.codec_context.extradata
    if stream.codec_context.name != "h264" or not extra or len(extra) < 7 or extra[0] != 1:
        return 0
    return (extra[4] & 3) + 1


def _is_whole_picture(data: bytes, prefix: int) -> bool:
    """Whether a packet is NAL units of the stated lengths, to its end, with a picture among them.

    What a power cut left of a packet, zeros for instance, is not.
    """
    at, pictured = 0, False
    while at < len(data):
        length = int.from_bytes(data[at : at + prefix], "big")
        at += prefix
        if not length or at + length > len(data) or data[at] & 0x80:
            return False
        pictured = pictured or data[at] & 0x1F in _SLICES
        at += length
    return pictured


def _decoded(path: Path, begin: int, most: int) -> int:
    """How many of the `most` packets from the keyframe at `begin` (ticks) on can be decoded, until one cannot."""
    with _opened(path) as file:
        stream = _video(file, path)
        stream.codec_context.thread_count = 1  # else a failure is told with a later packet
        file.seek(begin, stream=stream)
        good = 0
        try:
            for packet in file.demux(stream):
                if packet.pts is None or good == most:
                    break
                if packet.pts < begin:
                    continue
                if any(frame.is_corrupt for frame in packet.decode()):
                    break
                good += 1
        except (FFmpegError, OSError):
            pass
        return good


def _copy(old: InputContainer, new: OutputContainer, video: VideoStream, times: Sequence[float], going: Going) -> int:
    """Copy packets until there is one for each of `times`; how many there were."""
    streams = {one.index: new.add_stream_from_template(one) for one in (video, *old.streams.audio)}
    streams[video.index].time_base = video.time_base
    lasts = times[-1] - times[-2] if len(times) > 1 else 0.0
    end: float | None = None
    copied = 0
    for packet in _until_damage(old.demux([old.streams[index] for index in streams])):
        if packet.dts is None or not packet.size:
            continue
        began = float(packet.dts * packet.time_base)
        if packet.stream.index == video.index:
            if copied == len(times):
                continue
            end = began + times[-1] + lasts if end is None else end
            copied += 1
        elif end is not None and began > end:
            continue
        packet.stream = streams[packet.stream.index]
        new.mux(packet)
        if copied % STRIDE == 0 and not going(copied / len(times)):
            raise Halted
    return copied


def _until_damage(packets: Iterator[Packet[Stream]]) -> Iterator[Packet[Stream]]:
    """The packets up to the first error of reading, and no errors of writing."""
    while True:
        try:
            packet = next(packets, None)
        except (FFmpegError, OSError):
            return
        if packet is None:
            return
        yield packet


def _has_index(path: Path) -> bool:
    """Whether an MP4 is an ordinary one: `moov` without `mvex` (it promises fragments), no fragment, nothing cut."""
    movies = []
    for name, _, place, size in _boxes(path):
        if name == b"moof" or size is None:
            return False
        if name == b"moov":
            movies.append((place, size))
    if len(movies) != 1:
        return False
    ((place, size),) = movies
    return all(name != b"mvex" for name, *_ in _boxes(path, place, place + size))


def _boxes(path: Path, begin: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int, int | None]]:
    """The boxes of an MP4 (ISO/IEC 14496-12, 4.2), those of the file or those between two places: name, where it begins
    and where its content does, how long that is: None where the file ends before it, and then it is the last."""
    with path.open("rb") as file:
        at = begin
        end = file.seek(0, os.SEEK_END) if end is None else end
        for _ in range(_MOST_BOXES):
            if at >= end:
                return
            file.seek(at)
            head = file.read(16)
            size, name = struct.unpack_from(">I4s", head) if len(head) >= 8 else (0, b"")
            content = 8
            if size == 1 and len(head) == 16:
                size, content = struct.unpack_from(">Q", head, 8)[0], 16
            if size < content or at + size > end:
                yield name, at, at + content, None
                return
            yield name, at, at + content, size - content
            at += size
