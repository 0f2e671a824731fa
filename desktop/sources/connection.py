"""One connection to a stream, from its opening to its end, and what is told of one that fails."""

from __future__ import annotations

import errno
import re
import threading
import time
from collections.abc import Generator
from typing import Any

import av
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from desktop.sources.address import Address
from desktop.sources.video_frames import Picture

TCP, UDP = "tcp", "udp"
THREADS = 2
"""Of the decoder, by slices: threads by frames would hold every picture back by one."""

MOST_PIXELS = 1 << 26
"""Of a picture, twice as many as 8K has: a damaged or hostile one may claim any size, and that much memory is taken."""

_RTSP = {"allowed_media_types": "video", "protocol_whitelist": "rtsp,rtp,udp,tcp,tls,crypto,srtp,http,https"}
_HTTP = {"user_agent": "Onlooker", "protocol_whitelist": "http,https,httpproxy,tcp,tls,crypto"}
_LISTS = {"hls", "dash", "concat", "sdp", "image2", "tty"}
_LIST_NAMES = re.compile(r"\.(?:m3u8?|mpd)(?:[?#]|$)", re.IGNORECASE)
_A_LIST = "it is a list of other addresses: name one of those"
_ONE_PICTURE = "_pipe"  # how FFmpeg's readers of single pictures are called
_CLEARS_UP = 0.5  # seconds that a server takes to forget what it refused
_CUT_OFF = 2.0  # seconds that are missing at the end of a file which was cut off
_RATE_INVENTED = {"mpjpeg", "mjpeg"}  # 25, whatever the camera does


class LostError(Exception):
    """The stream cannot be had, for a reason that fits into brackets. `final`: trying again would not help.

    It holds nothing that FFmpeg said: its texts hold the whole address, with the password.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.final = reason, final


class Connection:
    """Open from the start. `patience`: seconds for opening it, and for silence. `transport`: of RTSP, the one before's.

    `demux` and `close` are called by one thread, `decode` by any other. Raises LostError.
    """

    def __init__(
        self, address: Address, patience: tuple[float, float], *, from_second: float = 0.0, transport: str = TCP
    ) -> None:
        self._patience = patience
        self._lock = threading.Lock()  # closing what is decoding would crash
        self.closed = False
        self.resumed = from_second > 0
        """Goes on where another broke off: what was seen comes again."""
        self.complaint = ""
        """Set by who decodes: why this connection is of no use."""
        self._container, self.transport = _opened(address, patience, transport)
        try:
            self._stream = _video(self._container)
            self._stream.thread_type = "SLICE"
            self._stream.codec_context.thread_count = THREADS
            self._stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            self.picture = Picture(self._stream.codec_context.sample_aspect_ratio)
            length = self._container.duration
            self.duration = (
                length / av.time_base if length and length > 0 and address.scheme.startswith("http") else None
            )
            if self.resumed and self.duration is not None:
                self._seek(from_second)
        except BaseException:
            self.close()
            raise

    @property
    def fps(self) -> float | None:
        """Nominal, None where the server does not say."""
        if self._container.format.name in _RATE_INVENTED:
            return None
        rate = self._stream.average_rate or self._stream.guessed_rate
        return float(rate) if rate and 0 < rate <= 240 else None

    @property
    def soon(self) -> float:
        """Seconds: what comes so soon after what came before was there already."""
        return min(max(0.5 / (self.fps or 100.0), 0.005), 0.02)

    @property
    def codec(self) -> str:
        """How its pictures are coded, such as h264."""
        return str(self._stream.codec_context.name)

    def position(self, frame: VideoFrame) -> int | None:
        """The media time of a frame of a file in ns, None where it has none."""
        if frame.pts is None or frame.time_base is None:
            return None
        begin = self._stream.start_time
        origin = begin * self._stream.time_base if begin is not None and self._stream.time_base else 0
        return round((frame.pts * frame.time_base - origin) * 1_000_000_000)

    def demux(self) -> Generator[Packet[VideoStream]]:
        """Its packets as they come. Raises LostError where they stop coming; ends where the server ended it."""
        packets = self._container.demux(self._stream)
        count, reached = 0, 0.0
        try:
            while True:
                try:
                    packet = next(packets)
                except StopIteration:
                    break
                except (FFmpegError, OSError, ValueError) as error:
                    raise _lost(error, self._patience[1], "the connection broke off") from None
                count += bool(packet.size)
                if packet.pts is not None and packet.time_base is not None:
                    reached = max(reached, float(packet.pts * packet.time_base))
                if self.complaint:
                    raise LostError(self.complaint)
                yield packet
        finally:
            if isinstance(packets, Generator):
                packets.close()
        if self._container.format.name.endswith(_ONE_PICTURE) and count <= 1:
            raise LostError("it is one picture and no stream: save it, and name the file", final=True)
        if self.duration is not None and reached < self.duration - _CUT_OFF:
            raise LostError("it broke off before its end")

    def decode(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        """The pictures that this packet completes; none where it is damaged, or the connection is closed."""
        with self._lock:
            if self.closed:
                return []
            try:
                return packet.decode()
            except FFmpegError:
                return []

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            self.closed = True
            self._container.close()

    def _seek(self, second: float) -> None:
        try:
            self._container.seek(round(second * av.time_base))
        except (FFmpegError, OSError):
            return  # a server without ranges: what was seen already comes again, and is left out


def _opened(address: Address, patience: tuple[float, float], transport: str) -> tuple[Any, str]:
    """The container, and how it comes: by TCP, which loses nothing; by UDP from a server that knows no other way."""
    if not address.scheme.startswith("rtsp"):
        if _LIST_NAMES.search(address.whole):
            raise LostError(_A_LIST, final=True)
        return _open(address, _HTTP, patience), TCP
    if transport == TCP:
        try:
            return _open(address, _RTSP | {"rtsp_transport": TCP}, patience), TCP
        except _NoTcpError:
            time.sleep(_CLEARS_UP)
    return _open(address, _RTSP | {"rtsp_transport": UDP}, patience), UDP


def _open(address: Address, options: dict[str, str], patience: tuple[float, float]) -> Any:
    try:
        return av.open(address.whole, container_options=options, timeout=patience)
    except (FFmpegError, OSError, ValueError) as error:
        if options.get("rtsp_transport") == TCP and getattr(error, "errno", 0) == errno.EPROTONOSUPPORT:
            raise _NoTcpError from None
        raise _lost(error, patience[0], "it cannot be reached, or is no video") from None


class _NoTcpError(Exception):
    """The server refuses RTP over TCP."""


def _video(container: Any) -> VideoStream:
    """The largest moving picture."""
    if set(container.format.name.split(",")) & _LISTS:
        raise LostError(_A_LIST, final=True)
    streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not streams:
        raise LostError("it holds no moving picture", final=True)
    known = [one for one in streams if one.codec_context is not None]
    if not known:
        raise LostError("its pictures are coded in a way that is not known here: set the camera to H.264", final=True)
    best: VideoStream = max(known, key=lambda one: one.width * one.height)
    return best


def _lost(error: Exception, patience: float, otherwise: str) -> LostError:
    """The same in our words; FFmpeg calls much of it an input/output error, which is told as `otherwise`."""
    for kinds, reason, final in _REASONS:
        if isinstance(error, kinds):
            return LostError(reason.format(patience=f"{patience:g}"), final=final)
    return LostError(otherwise)


_REASONS: tuple[tuple[tuple[type[Exception], ...], str, bool], ...] = (
    ((av.error.HTTPUnauthorizedError,), "it wants another user or password", True),
    ((av.error.HTTPForbiddenError,), "it refuses this user", True),
    ((av.error.HTTPNotFoundError,), "the server knows no such path", False),
    ((av.error.HTTPServerError,), "the server has an error of its own", False),
    ((av.error.HTTPError, av.error.HTTPClientError), "the server refused", False),
    ((av.error.ExitError, TimeoutError), "nothing came for {patience} s", False),
    ((ConnectionRefusedError,), "nothing listens there", False),
    ((ConnectionError,), "the server closed the connection", False),
    ((av.error.InvalidDataError,), "what it sends is no video", False),
    ((av.error.EOFError,), "the server closed the connection", False),
)
