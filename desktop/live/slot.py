"""A slot holds one value: a newer one replaces an older, so that nobody ever waits for a slow taker."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")

LONGEST_WAIT = 1.0
"""Seconds after which every wait of this package looks around, whatever it was asked for."""


class Slot(Generic[T]):
    """One value between one thread that puts and one that takes.

    `replaced` counts the values that nobody took before a newer one came. After `end` nothing goes in; what is in can
    still be taken.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._value: T | None = None
        self._ended = False
        self._replaced = 0

    def put(self, value: T) -> None:
        """Put `value` in, in place of what was there. Ignored after `end`."""
        with self._condition:
            if self._ended:
                return
            self._replaced += self._value is not None
            self._value = value
            self._condition.notify_all()

    def get(self, timeout: float) -> T | None:
        """Take the value out, waiting for one at most `timeout` seconds, and never more than one second.

        None when none came in that time, or when the slot has ended and is empty.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._value is not None or self._ended, min(timeout, LONGEST_WAIT))
            value, self._value = self._value, None
            return value

    def end(self) -> None:
        """Set the end mark and wake whoever waits."""
        with self._condition:
            self._ended = True
            self._condition.notify_all()

    @property
    def replaced(self) -> int:
        """How many values were replaced before anybody took them."""
        with self._condition:
            return self._replaced

    @property
    def over(self) -> bool:
        """Ended and empty: nothing will come any more."""
        with self._condition:
            return self._ended and self._value is None
