"""The watermark tells the recording how far the analysis has come."""

from __future__ import annotations

import threading
from enum import Enum

from desktop.live.slot import LONGEST_WAIT


class Passage(Enum):
    """What the watermark says of one frame."""

    FREE = "free"
    """It may pass: no analysis would have looked at it."""
    COUNTED = "counted"
    """It may pass: it was analysed, or skipped for a newer one."""
    WAITING = "waiting"
    """The analysis is not that far."""


class Watermark:
    """A monitor of three states.

    *open*: there is no analysis, every frame passes. *counting*: every frame up to the level is analysed or skipped;
    later ones wait. *closed*: the analysis has ended, every frame passes. Each analysis has a turn, given by `begin`:
    what an earlier one says after its turn changes nothing. After `finish` the watermark is closed for good.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._state = "open"
        self._turn = 0
        self._first = self._level = -1
        self._finished = False

    @property
    def state(self) -> str:
        """ "open", "counting" or "closed"."""
        with self._condition:
            return self._state

    def begin(self, index: int) -> int:
        """An analysis starts and counts from frame `index`; returns its turn."""
        with self._condition:
            self._turn += 1
            if not self._finished:
                self._state, self._first, self._level = "counting", index, index - 1
            self._condition.notify_all()
            return self._turn

    def open(self) -> None:
        """There is no analysis now: every frame passes, and the turn that was is over."""
        with self._condition:
            self._turn += 1
            if not self._finished:
                self._state = "open"
            self._condition.notify_all()

    def raise_to(self, index: int, turn: int) -> None:
        """Every frame up to `index` is analysed or skipped. Never lowers the level."""
        with self._condition:
            if turn == self._turn and index > self._level:
                self._level = index
                self._condition.notify_all()

    def close(self, turn: int) -> None:
        """The analysis of this `turn` has ended."""
        with self._condition:
            if turn == self._turn:
                self._state = "closed"
                self._condition.notify_all()

    def finish(self) -> None:
        """Close it for good: the session is over."""
        with self._condition:
            self._finished = True
            self._state = "closed"
            self._condition.notify_all()

    def wait(self, index: int, timeout: float) -> Passage:
        """Wait until frame `index` may pass, at most `timeout` seconds and never more than one second."""
        with self._condition:
            self._condition.wait_for(
                lambda: self._passage(index) is not Passage.WAITING, max(0.0, min(timeout, LONGEST_WAIT))
            )
            return self._passage(index)

    def _passage(self, index: int) -> Passage:
        if self._state != "open" and self._first <= index <= self._level:
            return Passage.COUNTED
        if self._state == "counting" and index > self._level:
            return Passage.WAITING
        return Passage.FREE
