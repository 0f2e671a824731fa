"""Streams from the network: what comes is read away at once, and what breaks off is called again."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from av.error import FFmpegError
from av.video.frame import VideoFrame

from desktop.frame import Frame
from desktop.sources.address import Address
from desktop.sources.backlog import Arrival
from desktop.sources.caller import Caller
from desktop.sources.connection import Connection
from desktop.sources.pauses import Pauses
from desktop.sources.source import SourceInfo
from models.errors import SourceError

OPEN_WITHIN = 10.0
"""Seconds for reaching the server and seeing what it has."""
SILENT_AFTER = 10.0
"""Seconds without anything, or with nothing that can be decoded, after which the stream is called again."""

_HALT = 500_000_000  # ns: a file that is later than that is not hurried through
_CODECS = {"h264": "H.264", "hevc": "H.265", "mjpeg": "Motion JPEG", "mpeg4": "MPEG-4", "av1": "AV1"}


class StreamSource:
    """The stream at an address: RTSP, or HTTP with Motion JPEG or another kind that FFmpeg reads.

    `name` and every sentence are without credentials. `clock`: of the frames' times, which are those of arrival.
    `patience`: seconds for opening, and for silence. `loop`: a file starts over at its end.

    Its packets are taken from the network by a thread of their own, so that nothing waits there while nobody reads:
    what `read` gives had waited at most a quarter of a second, however slow the reader was. Where the stream breaks off
    it is called again, after growing pauses, until it is closed; `trouble` says so meanwhile, and indices and times go
    on. Where the server then asks for another password, `read` raises SourceError: asking again may lock an account.

    A file behind http(s), which says how long it is, is paced by its own times as a file on the disk is when it is
    watched: `position` is the time in it, nothing of it is left out, and where the connection breaks off it goes on
    from there. It ends at its end.
    """

    live = True

    def __init__(
        self,
        address: Address,
        *,
        loop: bool = False,
        clock: Callable[[], int] = time.perf_counter_ns,
        patience: tuple[float, float] = (OPEN_WITHIN, SILENT_AFTER),
        pauses: Callable[[], Pauses] = Pauses,
    ) -> None:
        self.name = str(address)
        self._address, self._loop = address, loop
        self._clock, self._patience, self._pauses = clock, patience, pauses
        self._caller: Caller | None = None
        self._pending: Frame | None = None
        self._decoded: deque[tuple[VideoFrame, Arrival]] = deque()
        self._pace = _Pace()
        self._index = self._last = 0

    @property
    def trouble(self) -> str:
        """What is wrong at this moment, one sentence; "" while frames come."""
        caller = self._caller
        return caller.trouble if caller is not None else ""

    def open(self) -> SourceInfo:
        """Call the server and wait for its first picture. Raises SourceError where there is none."""
        self.close()
        self._index, self._pace = 0, _Pace()
        self._decoded.clear()
        caller = self._caller = Caller(self._address, self._patience, self._pauses(), self._clock, loop=self._loop)
        caller.start()
        frame = self._next(caller)
        connection = caller.connection
        if frame is None or connection is None:
            self.close()
            raise SourceError(f"{self.name} was closed while it was being opened.")
        self._pending = frame
        return _info(frame, connection)

    def read(self) -> Frame | None:
        """The next picture, at its arrival; None once it is closed, and at the end of a file.

        Raises SourceError where it is lost for good.
        """
        frame, self._pending = self._pending, None
        caller = self._caller
        return frame if frame is not None or caller is None else self._next(caller)

    def interrupt(self) -> None:
        """Have a `read` or `open` that waits come back now."""
        caller = self._caller
        if caller is not None:
            caller.stop()

    def close(self) -> None:
        """Let go. What waits in FFmpeg for the network is let go by its own thread once that comes back."""
        caller, self._caller = self._caller, None
        self._pending = None
        if caller is not None:
            caller.stop()

    def _next(self, caller: Caller) -> Frame | None:
        while not caller.closed.is_set():
            while self._decoded:
                frame = self._frame(caller, *self._decoded.popleft())
                if frame is not None:
                    return frame
            waiting = caller.backlog.take()
            if isinstance(waiting, Arrival):
                frames = waiting.connection.decode(waiting.packet)
                self._decoded.extend((one, waiting) for one in frames)
                caller.judge(waiting, decodes=bool(frames))
            elif waiting is not None:
                if waiting.connection is not None:
                    waiting.connection.close()
                if waiting.sentence:
                    self.close()
                    raise SourceError(waiting.sentence)
                if waiting.ended:
                    self.close()
        return None

    def _frame(self, caller: Caller, decoded: VideoFrame, arrival: Arrival) -> Frame | None:
        """The frame to be given; None for one that is too old, was seen already, or cannot be converted."""
        connection, position, when = arrival.connection, None, arrival.time
        if connection.duration is not None:
            position = self._pace.position(connection, decoded)
            if position is None or not self._pace.wait(position, self._clock, caller.closed):
                return None
            when, caller.reached = self._clock(), position / 1e9
        elif caller.backlog.behind(self._clock()) or (arrival.saved and caller.backlog.more_within(connection.soon)):
            return None
        try:
            pixels = connection.picture.pixels(decoded)
        except (FFmpegError, ValueError, MemoryError):
            return None
        self._last = max(self._last, when)
        frame = Frame(pixels, self._index, self._last, position)
        self._index += 1
        caller.well()
        return frame


class _Pace:
    """Gives the frames of a file when their time has come."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._begin: int | None = None
        self._seen = -1

    def position(self, connection: Connection, decoded: VideoFrame) -> int | None:
        """Where in the file (ns) a frame is, None where it was shown before the connection broke off."""
        if connection is not self._connection:
            self._connection, self._begin = connection, None
            if not connection.resumed:
                self._seen = -1
        position = connection.position(decoded)
        position = self._seen + 1 if position is None else max(position, 0)
        if position <= self._seen:
            return None
        self._seen = position
        return position

    def wait(self, position: int, clock: Callable[[], int], closed: threading.Event) -> bool:
        """Wait until it is its time; False where it was closed meanwhile. After a halt of the network it goes on."""
        now = clock()
        if self._begin is None or now - self._begin - position > _HALT:
            self._begin = now - position
        while (left := self._begin + position - clock()) > 0:
            if closed.wait(min(left / 1e9, 1.0)):
                return False
        return True


def _info(frame: Frame, connection: Connection) -> SourceInfo:
    fps = connection.fps
    rate = f" at {fps:g} frames a second" if fps else ""
    coded = _CODECS.get(connection.codec, connection.codec)
    got = f"Got {frame.size[0]}x{frame.size[1]}{rate} as {coded}."
    return SourceInfo(frame.size, fps, duration=connection.duration, got=got)
