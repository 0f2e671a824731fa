"""What has come of a stream and was not decoded yet: never old, never much."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

    from desktop.sources.connection import Connection

LATE = 250_000_000
"""Nanoseconds for which something may wait: more than a hiccup of a network, less than a person notices."""
MOST_BYTES = 32 << 20
"""Of packets that wait."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet of `connection`, and when it came (ns). `saved`: the server may have saved it up for who comes."""

    connection: Connection
    packet: Packet[VideoStream]
    time: int
    saved: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """No more comes of `connection`. `ended`: that was its end, nothing was lost. `sentence`: why nothing else will."""

    connection: Connection | None = None
    ended: bool = False
    sentence: str = ""


@dataclass(slots=True)
class Backlog:
    """Between the thread that takes from the network and the one that decodes.

    The newest wins: where what waits is older than `LATE` and a picture has come that can be decoded by itself, all
    before it is thrown away; where more than `most_bytes` wait, everything is, up to the next such picture.
    `keeping`: nothing is thrown away, `put` waits instead: a file comes as fast as it is wanted.
    """

    keeping: bool = False
    most_bytes: int = MOST_BYTES
    _waiting: deque[Arrival | Over] = field(default_factory=deque)
    _bytes: int = 0
    _unfit: bool = False  # what comes now needs something that was thrown away
    _closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, arrival: Arrival) -> None:
        """Add what has come, in order."""
        with self._changed:
            if self.keeping:
                while self._bytes > self.most_bytes and not self._closed:
                    self._changed.wait(1.0)
            elif not self._fits(arrival):
                return
            self._waiting.append(arrival)
            self._bytes += arrival.packet.size
            self._changed.notify_all()

    def over(self, over: Over) -> None:
        """Nothing more comes of a connection; this is never thrown away."""
        with self._changed:
            self._unfit = False
            self._waiting.append(over)
            self._changed.notify_all()

    def take(self) -> Arrival | Over | None:
        """The oldest that waits; waits for one. None once it is closed."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait(1.0)
            if self._closed:
                return None
            oldest = self._waiting.popleft()
            if isinstance(oldest, Arrival):
                self._bytes -= oldest.packet.size
            self._changed.notify_all()
            return oldest

    def behind(self, now: int) -> bool:
        """Whether what waits is too old at `now` (ns) for what comes before it to be shown."""
        with self._changed:
            oldest = self._waiting[0] if self._waiting and not self.keeping else None
            return isinstance(oldest, Arrival) and now - oldest.time > LATE

    def more_within(self, seconds: float) -> bool:
        """Whether something waits, or comes so soon."""
        with self._changed:
            return bool(self._waiting) or (self._changed.wait(seconds) and bool(self._waiting))

    def drain(self) -> bool:
        """Wait until all was taken; False where it was closed instead."""
        with self._changed:
            while self._waiting and not self._closed:
                self._changed.wait(1.0)
            return not self._closed

    def close(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._bytes = 0
            self._changed.notify_all()

    def _fits(self, arrival: Arrival) -> bool:
        oldest = next((one for one in self._waiting if isinstance(one, Arrival)), None)
        if arrival.packet.is_keyframe:
            self._unfit = False
            if oldest is not None and arrival.time - oldest.time > LATE:
                self._forget()
        elif self._bytes + arrival.packet.size > self.most_bytes:
            self._unfit = True
            self._forget()
        return not self._unfit

    def _forget(self) -> None:
        self._waiting = deque(one for one in self._waiting if isinstance(one, Over))
        self._bytes = 0
