"""Frames that nobody looked at wait here until it is known what was seen after them."""

from __future__ import annotations

from desktop.frame import Frame
from desktop.recordings.between import FARTHEST
from desktop.recordings.pixels import Size
from models.scene import Scene

_FARTHEST = round(FARTHEST * 1e9)


class Unseen:
    """Frames in order, since the scene that was seen last. Used by one thread.

    `most`: bytes that may wait here; a frame that finds no room does not wait. `turn` is of whoever looked: the tracks
    of another are others.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._frames: list[Frame] = []
        self._bytes = 0
        self._seen: tuple[int, Size, Scene] | None = None
        self._turn = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def first(self) -> Frame | None:
        """The frame that waits longest."""
        return self._frames[0] if self._frames else None

    @property
    def before(self) -> tuple[float, Scene] | None:
        """When the scene before was seen (seconds), and that scene."""
        return None if self._seen is None else (self._seen[0] / 1e9, self._seen[2])

    def wait(self, frame: Frame) -> bool:
        """Have `frame` wait; False where there is no room, or nothing will be known of it in time.

        That is so half a second after the last scene, and where the pictures have another size since.
        """
        if self._bytes + frame.pixels.nbytes > self._most:
            return False
        since = self._since
        if since is not None and (frame.size != since[1] or frame.time - since[0] > _FARTHEST):
            return False
        self._frames.append(frame)
        self._bytes += frame.pixels.nbytes
        return True

    def take(self) -> list[Frame]:
        """All that wait, in order; none waits then."""
        frames, self._frames, self._bytes = self._frames, [], 0
        return frames

    def seen(self, frame: Frame, scene: Scene, turn: int) -> None:
        """`scene` was seen in `frame`: what waits from now on comes after it."""
        self._seen, self._turn = (frame.time, frame.size, scene), turn

    def reaches(self, frame: Frame, turn: int) -> bool:
        """Whether what was seen in `frame` says something of the frames that wait, together with what was before."""
        if self._seen is None or turn != self._turn:
            return False
        time, size, _ = self._seen
        return size == frame.size and frame.time - time <= _FARTHEST

    @property
    def _since(self) -> tuple[int, Size] | None:
        """Time (ns) and size of the frame that was seen last, or else of the first that waits."""
        if self._seen is not None:
            return self._seen[:2]
        first = self.first
        return None if first is None else (first.time, first.size)

    def forget(self) -> None:
        """The next frame has nothing to do with what was seen before."""
        self._seen = None
