"""Frames wait here until what comes after them was looked at, so that who appears is hidden from the first moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

from desktop.drawing.privacy import AHEAD

T = TypeVar("T")

MOST = 96 * 2**20
"""Bytes of frames that may wait."""


class LookAhead(Generic[T]):
    """Frames, each with what is to be done with it, in order. Used by one thread.

    `seconds`: how long each waits, by the times of the frames after it; `most`: bytes that may wait.
    """

    def __init__(self, seconds: float = AHEAD, most: int = MOST) -> None:
        self._seconds, self._most = seconds, most
        self._bytes = 0
        self._waiting: deque[tuple[float, int, T]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, time: float, size: int, frame: T) -> Iterator[T]:
        """One more frame, of that `time` (seconds) and `size` (bytes); gives those that need not wait any longer."""
        self._waiting.append((time, size, frame))
        self._bytes += size
        yield from self.overdue(time)

    def overdue(self, time: float) -> Iterator[T]:
        """Those that need not wait any longer at this `time`."""
        while self._waiting and (time - self._waiting[0][0] >= self._seconds or self._bytes > self._most):
            yield self._take()

    def rest(self) -> Iterator[T]:
        """Those that still wait: no more will come."""
        while self._waiting:
            yield self._take()

    def _take(self) -> T:
        _, size, frame = self._waiting.popleft()
        self._bytes -= size
        return frame
