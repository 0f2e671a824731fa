"""Consumers: whoever else wants the frames of a session, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from desktop.frame import Frame
from desktop.live.conveyor import Conveyor
from desktop.live.showing import Pair
from desktop.live.slot import Slot

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Consumer(Generic[T]):
    """Calls `take` with what its `feed` brings: a slot (the latest) or a conveyor (every one).

    `close` is called once when it ends. One that raises ends, and `failed` is called with the sentence; nobody else
    is touched by that.
    """

    def __init__(
        self,
        name: str,
        feed: Slot[T] | Conveyor[T],
        take: Callable[[T], None],
        *,
        close: Callable[[], None] | None,
        failed: Callable[[str], None],
    ) -> None:
        self.name, self.feed = name, feed
        self._take, self._close, self._failed = take, close, failed
        self._detached = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"consumer {name}")

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def stop(self) -> None:
        """Nothing comes any more: it takes what waits, then ends."""
        self.feed.end()

    def detach(self) -> None:
        """End it after what it has in hand; what waits is dropped."""
        self._detached.set()
        if isinstance(self.feed, Conveyor):
            self.feed.cut()
        else:
            self.feed.end()

    @property
    def dropped(self) -> int:
        """How many frames it could not keep up with; 0 for one that wants the latest alone."""
        return self.feed.dropped if isinstance(self.feed, Conveyor) else 0

    def _run(self) -> None:
        self._guarded(self._take_all)
        self.detach()
        if self._close is not None:
            self._guarded(self._close)

    def _take_all(self) -> None:
        while not self.feed.over and not self._detached.is_set():
            value = self.feed.get(1.0)
            if value is not None:
                self._take(value)

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as problem:  # a consumer is others' code: detached and named, the rest goes on
            logger.exception("consumer %s failed", self.name)
            what = f"{type(problem).__name__}: {problem}".removesuffix(": ")
            self._failed(f"{self.name} was detached because of an error ({what}).")


class Consumers:
    """All consumers of a session. Every method may be called from any thread and returns at once.

    Those that ended are forgotten when the next one is added, but for what they dropped.
    """

    def __init__(self, failed: Callable[[str, str], None]) -> None:
        """`failed(name, sentence)` is called when one has raised."""
        self._failed = failed
        self._lock = threading.Lock()
        self._latest: list[Consumer[Pair]] = []
        self._every: list[Consumer[Frame]] = []
        self._dropped = 0

    def latest(self, name: str, take: Callable[[Pair], None], close: Callable[[], None] | None) -> None:
        """Add one that wants the newest analysed pair."""
        slot: Slot[Pair] = Slot()
        consumer = Consumer(name, slot, take, close=close, failed=lambda sentence: self._failed(name, sentence))
        with self._lock:
            self._forget()
            self._latest.append(consumer)
            consumer.start()

    def every(self, name: str, take: Callable[[Frame], None], close: Callable[[], None] | None, capacity: int) -> None:
        """Add one that wants every captured frame, of which `capacity` bytes may wait."""
        conveyor: Conveyor[Frame] = Conveyor(capacity, lambda frame: frame.pixels.nbytes)
        consumer = Consumer(name, conveyor, take, close=close, failed=lambda sentence: self._failed(name, sentence))
        with self._lock:
            self._forget()
            self._every.append(consumer)
            consumer.start()

    def captured(self, frame: Frame) -> None:
        """Hand a frame on."""
        with self._lock:
            for consumer in self._every:
                consumer.feed.put(frame)

    def analysed(self, pair: Pair) -> None:
        """Hand a pair on."""
        with self._lock:
            for consumer in self._latest:
                consumer.feed.put(pair)

    def no_more_frames(self) -> None:
        """Put end marks where every frame is wanted."""
        with self._lock:
            for consumer in self._every:
                consumer.stop()

    def stop(self) -> None:
        """Put end marks everywhere: each takes what waits, then ends."""
        for consumer in self._all():
            consumer.stop()

    def detach(self, name: str | None = None) -> None:
        """End those of this name, all for None, after what they have in hand."""
        for consumer in self._all():
            if name is None or consumer.name == name:
                consumer.detach()

    def threads(self) -> list[threading.Thread]:
        """The threads that run."""
        return [consumer.thread for consumer in self._all() if consumer.thread.is_alive()]

    @property
    def dropped(self) -> int:
        """How many frames they could not keep, together."""
        with self._lock:
            return self._dropped + sum(consumer.dropped for consumer in self._every)

    def _forget(self) -> None:
        threads = [one.thread for one in self._latest] + [one.thread for one in self._every]
        running = {thread for thread in threads if thread.is_alive()}
        self._dropped += sum(one.dropped for one in self._every if one.thread not in running)
        self._latest = [one for one in self._latest if one.thread in running]
        self._every = [one for one in self._every if one.thread in running]

    def _all(self) -> list[Consumer[Pair] | Consumer[Frame]]:
        with self._lock:
            return [*self._latest, *self._every]
