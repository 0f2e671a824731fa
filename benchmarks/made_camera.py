"""A camera that is none: pictures at times of its own, each with the moment of its arrival painted into it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import barcode
import numpy as np
from numpy.typing import NDArray

from desktop.frame import Frame
from desktop.sources.source import SourceInfo

Pixels = NDArray[np.uint8]


@dataclass
class MadeCamera:
    """Delivers `pictures` in turn for `seconds`, one after each `pause()` (seconds).

    `arrivals`: when each came (perf_counter_ns), `walls`: what the wall clock said then (seconds), of first and last.
    """

    pictures: list[Pixels]
    seconds: float
    pause: Callable[[], float]
    name: str = "made camera"
    live: bool = True
    arrivals: list[int] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)
    _closed: threading.Event = field(default_factory=threading.Event)
    _due: float = 0.0

    def open(self) -> SourceInfo:
        """It is there."""
        height, width = self.pictures[0].shape[:2]
        self._due = time.perf_counter()
        return SourceInfo((width, height), 30.0)

    def read(self) -> Frame | None:
        """The next picture, at its time; None at the end."""
        self._due += self.pause()
        if self._closed.wait(max(0.0, self._due - time.perf_counter())):
            return None
        now = time.perf_counter_ns()
        if self.arrivals and now - self.arrivals[0] > self.seconds * 1e9:
            return None
        self.walls = [*self.walls[:1], time.time()]
        self.arrivals.append(now)
        pixels = self.pictures[len(self.arrivals) % len(self.pictures)].copy()
        barcode.paint(pixels, now)
        return Frame(pixels, len(self.arrivals) - 1, now)

    def close(self) -> None:
        """Nothing to let go of."""
        self._closed.set()


def textured(width: int, height: int, count: int = 30) -> list[Pixels]:
    """Pictures of a texture that moves, so that no frame is like the one before."""
    rows, columns = np.mgrid[:height, : width + 4 * count]
    wide = 128 + 60 * np.sin(columns / 17) + 50 * np.cos(rows / 11 + columns / 53)
    layers = np.stack([wide, wide[:, ::-1], 255 - wide], axis=2).astype(np.uint8)
    return [np.ascontiguousarray(layers[:, 4 * step : 4 * step + width]) for step in range(count)]
