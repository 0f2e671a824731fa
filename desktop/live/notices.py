"""What is told to the user while a session runs: sentences for the banner, in order."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the banner.

    `number` counts them from 1, `about` is "source", "analysis", "recording" or the name of a consumer.
    """

    number: int
    about: str
    sentence: str


class Notices:
    """Grows, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: tuple[Notice, ...] = ()

    def tell(self, about: str, sentence: str) -> None:
        """Add a sentence."""
        with self._lock:
            self._all = (*self._all, Notice(len(self._all) + 1, about, sentence))

    @property
    def all(self) -> tuple[Notice, ...]:
        """Every one so far."""
        with self._lock:
            return self._all
