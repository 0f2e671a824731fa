"""How long to wait before something that was lost is tried again."""

from __future__ import annotations

FIRST = 1.0
"""Seconds before the first new attempt."""
LONGEST = 30.0
"""Seconds between attempts, however many failed."""


class Pauses:
    """Pauses that double with every attempt that fails, from `first` to `longest` seconds."""

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def next(self) -> float:
        """Seconds to wait now."""
        pause, self._next = self._next, min(2 * self._next, self._longest)
        return pause

    def reset(self) -> None:
        """It is there again: the next loss is met with the first pause."""
        self._next = self._first
