"""Frames wait here until what comes after them was looked at, so that who appears is hidden from the first moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from desktop.drawing.privacy import AHEAD, Hide, Privacy
from desktop.frame import Frame, Pixels
from models.scene import Scene

MOST = 96 * 2**20
"""Bytes of frames that may wait."""


class LookAhead:
    """The analysed frames of one video, in order, on their way to where they are written.

    With nothing to hide they go through at once. Used by one thread, but `hidden`, which any may ask.
    """

    def __init__(self, hide: Hide | None, most: int = MOST) -> None:
        self._privacy = None if hide is None else Privacy(hide)
        self._most = most
        self._bytes = 0
        self._frames: deque[tuple[Frame, Scene]] = deque()

    def put(self, frame: Frame, scene: Scene) -> Iterator[tuple[Frame, Scene]]:
        """One more frame and its scene; gives those of before that need not wait any longer."""
        if self._privacy is None:
            yield frame, scene
            return
        self._privacy.saw(frame.time / 1e9, scene, frame.size)
        self._frames.append((frame, scene))
        self._bytes += frame.pixels.nbytes
        while len(self._frames) > 1 and self._first_is_ready(frame.time):
            yield self._take()

    def rest(self) -> Iterator[tuple[Frame, Scene]]:
        """Those that still wait: no more will come."""
        while self._frames:
            yield self._take()

    def hidden(self, frame: Frame) -> Pixels:
        """What may be written of a frame: its own pixels where nothing is to be hidden."""
        return frame.pixels if self._privacy is None else self._privacy.hidden(frame.pixels, frame.time / 1e9)

    def _first_is_ready(self, newest: int) -> bool:
        return newest - self._frames[0][0].time >= AHEAD * 1e9 or self._bytes > self._most

    def _take(self) -> tuple[Frame, Scene]:
        first = self._frames.popleft()
        self._bytes -= first[0].pixels.nbytes
        return first
