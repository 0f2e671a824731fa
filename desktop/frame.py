"""One picture of a session, and when it was taken."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One captured picture.

    `pixels`: (height, width, 3) BGR uint8, C-contiguous, made read-only here. `index`: counts the captured frames of a
    session from 0, always +1. `time`: nanoseconds, never goes back; live: `time.perf_counter_ns()` on arrival, in
    batch: the source's own time from its first frame. `position`: media time in ns of a file being watched, else None.
    """

    pixels: Pixels
    index: int
    time: int
    position: int | None = None

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(f"a frame holds (height, width, 3) uint8, not {self.pixels.shape} {self.pixels.dtype}")
        if not self.pixels.flags.c_contiguous:
            object.__setattr__(self, "pixels", np.ascontiguousarray(self.pixels))
        self.pixels.setflags(write=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def stamped(self, index: int, time: int) -> Frame:
        """The same pixels as frame `index` of a session, arrived at `time` (ns)."""
        return replace(self, index=index, time=time)
