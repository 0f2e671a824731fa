"""The thread that calls a server, takes away what it sends, and calls again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from desktop.sources.address import Address
from desktop.sources.backlog import Arrival, Backlog, Over
from desktop.sources.connection import TCP, Connection, LostError
from desktop.sources.pauses import Pauses

logger = logging.getLogger(__name__)

_SAVED_FOR = 1_000_000_000  # ns since opening, by when what the server had saved up has come


class Caller:
    """Puts what comes from `address` into `backlog`, until `stop`. `clock`: nanoseconds, that of arrivals.

    It ends by itself, with an `Over` that says so, where the first call fails, where calling again would not help, and
    at the end of a file that does not `loop`. `trouble`: why nothing comes, one sentence, "" while all is well.
    """

    def __init__(
        self,
        address: Address,
        patience: tuple[float, float],
        pauses: Pauses,
        clock: Callable[[], int],
        *,
        loop: bool = False,
    ) -> None:
        self._address, self._patience, self._pauses, self._clock = address, patience, pauses, clock
        self._loop = loop
        self._open: list[Connection] = []
        self._decoded = 0
        self.backlog = Backlog()
        self.closed = threading.Event()
        self.connection: Connection | None = None
        self.trouble = ""
        self.reached = 0.0
        """Second of a file that was shown last: set by who shows it."""
        # A daemon: FFmpeg looks for names and shakes hands without letting itself be interrupted.
        self._thread = threading.Thread(target=self._run, name=f"stream {address}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; the thread does once FFmpeg comes back from the network."""
        self.closed.set()
        self.backlog.close()

    def well(self) -> None:
        """A picture was made of what came."""
        if self.trouble:
            logger.info("%s is there again", self._address)
        self.trouble = ""
        self._pauses.reset()

    def judge(self, arrival: Arrival, *, decodes: bool) -> None:
        """Whether `arrival` made a picture: where nothing has for too long, it is called again."""
        if decodes or arrival.connection is not self.connection:
            self._decoded = arrival.time
        elif (arrival.time - self._decoded) / 1e9 > self._patience[1]:
            arrival.connection.complaint = "what it sends cannot be decoded"

    def _run(self) -> None:
        try:
            fresh = True
            while not self.closed.is_set():
                try:
                    fresh = self._call(0.0 if fresh else self.reached)
                except LostError as lost:
                    if lost.final or self.connection is None:
                        self.backlog.over(Over(sentence=f"{self._address} cannot be watched: {lost.reason}."))
                        return
                    fresh = False
                    self._wait(lost.reason)
        except Exception as error:  # noqa: BLE001 - top of a thread; its text may hold the password: only its kind is told
            self.backlog.over(Over(sentence=f"{self._address} failed by {type(error).__name__}."))
        finally:
            self.closed.wait()  # who reads may be decoding what came
            for connection in self._open:
                connection.close()

    def _call(self, from_second: float) -> bool:
        """One connection, from opening to end. Gives whether a file begins anew after it. Raises LostError."""
        transport = TCP if self.connection is None else self.connection.transport
        connection = Connection(self._address, self._patience, from_second=from_second, transport=transport)
        self._open = [one for one in self._open if not one.closed] + [connection]
        self._decoded = self._clock()
        self.connection = connection
        self.backlog.keeping = connection.duration is not None
        try:
            self._pull(connection)
        except LostError:
            self.backlog.over(Over(connection))
            if connection.duration is not None:
                self.backlog.drain()  # it goes on from where it was seen
            raise
        if self.closed.is_set():
            return False
        if connection.duration is None:
            self.backlog.over(Over(connection))
            raise LostError("the server ended it")
        self.backlog.over(Over(connection, ended=not self._loop))
        if not self._loop:
            self.closed.wait()
        self.backlog.drain()  # else short files would be called again and again, far ahead of what is seen
        return True

    def _pull(self, connection: Connection) -> None:
        opened = last = self._clock()
        saved = connection.duration is None
        for packet in connection.demux():
            if self.closed.is_set():
                return
            now = self._clock()
            soon = last == opened or (now - last) / 1e9 < connection.soon
            saved = saved and soon and now - opened < _SAVED_FOR
            last = now
            self.backlog.put(Arrival(connection, packet, now, saved))

    def _wait(self, reason: str) -> None:
        pause = self._pauses.next()
        self.trouble = f"No connection to {self._address} ({reason}): it is called again."
        logger.info("%s was lost (%s): called again in %g s", self._address, reason, pause)
        self.closed.wait(pause)
