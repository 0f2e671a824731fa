"""A conveyor carries every value in order, bounded in bytes; one that finds it full is dropped and counted."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from desktop.live.slot import LONGEST_WAIT

T = TypeVar("T")


class Conveyor(Generic[T]):
    """Values between one thread that puts, which never waits, and one that takes.

    `capacity`: bytes that may lie on it, as `size_of` counts them; a value larger than that still passes when it lies
    there alone. `stale(first, new)` says whether the first value has waited for so long that a new one is dropped, too.
    At any moment `offered == taken + waiting + dropped`.
    """

    def __init__(
        self, capacity: int, size_of: Callable[[T], int], *, stale: Callable[[T, T], bool] = lambda _first, _new: False
    ) -> None:
        self._capacity = capacity
        self._size_of, self._stale = size_of, stale
        self._condition = threading.Condition()
        self._values: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._ended = False
        self._offered = self._taken = self._dropped = 0

    def put(self, value: T) -> bool:
        """Put `value` at the end; False when it was dropped because there was no room, or ignored after `end`."""
        size = self._size_of(value)
        with self._condition:
            if self._ended:
                return False
            self._offered += 1
            if self._values and (self._bytes + size > self._capacity or self._stale(self._values[0][0], value)):
                self._dropped += 1
                return False
            self._values.append((value, size))
            self._bytes += size
            self._condition.notify_all()
            return True

    def get(self, timeout: float) -> T | None:
        """Take the first value, waiting for one at most `timeout` seconds, and never more than one second.

        None when none came in that time, or when the end mark was reached.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._values or self._ended, min(timeout, LONGEST_WAIT))
            if not self._values:
                return None
            value, size = self._values.popleft()
            self._bytes -= size
            self._taken += 1
            return value

    def end(self) -> None:
        """Put the end mark behind the last value: nothing goes on any more, what lies there can be taken."""
        with self._condition:
            self._ended = True
            self._condition.notify_all()

    def cut(self) -> None:
        """End it at once: what lies there is dropped and counted."""
        with self._condition:
            self._ended = True
            self._dropped += len(self._values)
            self._values.clear()
            self._bytes = 0
            self._condition.notify_all()

    @property
    def over(self) -> bool:
        """Ended and empty: nothing will come any more."""
        with self._condition:
            return self._ended and not self._values

    @property
    def ended(self) -> bool:
        """The end mark is set: nothing goes on any more."""
        with self._condition:
            return self._ended

    @property
    def filled(self) -> float:
        """How full it is, 0..1 (more where one value alone is larger than the capacity)."""
        with self._condition:
            return self._bytes / self._capacity

    @property
    def offered(self) -> int:
        """How many values were put, dropped ones included."""
        with self._condition:
            return self._offered

    @property
    def dropped(self) -> int:
        """How many values were dropped."""
        with self._condition:
            return self._dropped

    @property
    def waiting(self) -> int:
        """How many values lie there."""
        with self._condition:
            return len(self._values)
