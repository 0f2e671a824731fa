"""A microphone that hears what a drifting device hears, as fast as the test lets time pass."""

from __future__ import annotations

import queue
import threading

import numpy as np
from drifting_device import START, Samples
from fake_source import PATIENCE, until

from desktop.recordings.microphone import Microphone
from models.errors import RecordingError


class FakeDevice:
    """Hears `heard` (1, n) by a clock that is `off`, from `START` on; `now` is the true time in seconds.

    `pass_until` lets it hand over what was taken before a moment, and waits until that was read. `lost`: it fails then.
    """

    def __init__(self, heard: Samples, rate: int, off: float) -> None:
        self._heard, self._real = heard, rate * (1.0 + off)
        self._taken = 0
        self._late = np.random.default_rng(0)
        self._queue: queue.Queue[tuple[Samples, float] | None] = queue.Queue()
        self._asked = threading.Semaphore(0)
        self.now = START
        self.lost = False
        self.closed = threading.Event()

    def read(self) -> Samples | None:
        """The next block, at the moment of its arrival."""
        self._asked.release()
        entry = self._queue.get(timeout=PATIENCE)
        if entry is None:
            if self.lost:
                raise RecordingError("The microphone was lost: the recording goes on without sound.")
            return None
        block, self.now = entry
        return block

    def close(self) -> None:
        """It is no longer needed."""
        self.closed.set()

    def pass_until(self, moment: float, length: int = 480) -> None:
        """Let time pass until `moment`."""
        while (self._taken + length) / self._real + START <= moment and self._taken + length <= self._heard.shape[1]:
            self._asked.acquire(timeout=PATIENCE)
            end = START + (self._taken + length) / self._real
            block = self._heard[:, self._taken : self._taken + length]
            self._queue.put((block, end + self._late.exponential(0.003)))
            self._taken += length
        until(lambda: self._queue.empty(), "it is read")

    def end(self, *, lost: bool = False) -> None:
        """No more blocks come."""
        self.lost = lost
        self._queue.put(None)


def listening(device: FakeDevice) -> Microphone:
    """A real microphone on it, on the true clock."""
    return Microphone("fake", clock=lambda: round(device.now * 1e9), opens=lambda _name: device)
