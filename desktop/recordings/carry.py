"""The one rule of how long a scene is shown on later frames that were not analysed themselves."""

from __future__ import annotations

from models.scene import EMPTY, Scene

CARRIED = 0.5
"""Seconds for which a scene is carried over."""


class Carry:
    """Remembers the newest scene and says what is to be drawn on each frame, given in the order of their times."""

    def __init__(self, seconds: float = CARRIED) -> None:
        self._seconds = seconds
        self._time = 0.0
        self._scene: Scene | None = None

    def __call__(self, time: float, analysed: bool, scene: Scene | None = None) -> tuple[Scene, bool]:
        """The scene to draw on the frame at `time` (seconds, of any origin) and whether it is *held*.

        An analysed frame has its own `scene`. Any other has that of the analysed frame before, at most 0.5 s old, as
        held, or else the empty scene, which is never held. Times that go back (somebody seeks) forget what was before.
        """
        if analysed:
            self._time, self._scene = time, scene if scene is not None else EMPTY
            return self._scene, False
        if self._scene is None:
            return EMPTY, False
        if not 0.0 <= time - self._time <= self._seconds + 1e-9:
            self._scene = None
            return EMPTY, False
        return self._scene, bool(self._scene)

    def forget(self) -> None:
        """Start anew."""
        self._scene = None
