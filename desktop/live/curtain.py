"""What is shown of a session, and taken of what is shown: with what is to be hidden hidden."""

from __future__ import annotations

import threading
from dataclasses import replace

from desktop.drawing.privacy import Hide, Privacy, drawable
from desktop.frame import Frame
from desktop.live.showing import Shown
from models.scene import Scene


class Curtain:
    """Hides in pictures of one session what its user wants hidden. May be used by several threads.

    The preview and every snapshot come through here: what is on the screen is what would be stored.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._privacy: Privacy | None = None
        self._last: tuple[Shown, Shown] | None = None

    def draw(self, hide: Hide | None) -> None:
        """Hide this from now on, None for nothing. Until the next scene the whole picture is hidden."""
        with self._lock:
            if hide != (None if self._privacy is None else self._privacy.hide):
                self._privacy = None if hide is None else Privacy(hide)
                self._last = None

    def saw(self, frame: Frame, scene: Scene) -> None:
        """`scene` was found in `frame`."""
        with self._lock:
            privacy = self._privacy
        if privacy is not None:
            privacy.saw(frame.time / 1e9, scene, frame.size)

    def of(self, shown: Shown) -> Shown:
        """The same without what is to be hidden: other pixels, and faces as boxes. The same again for the same."""
        with self._lock:
            privacy, last = self._privacy, self._last
        if privacy is None:
            return shown
        if last is not None and _alike(last[0], shown):
            return last[1]
        time, size = shown.frame.time / 1e9, shown.frame.size
        frame = replace(shown.frame, pixels=privacy.hidden(shown.frame.pixels, time))
        scene = None if shown.scene is None else drawable(shown.scene, privacy.hide)
        hidden = Shown(frame, scene, shown.held, hidden=privacy.boxes(time, size) is None)
        with self._lock:
            if privacy is self._privacy:
                self._last = shown, hidden
        return hidden


def _alike(one: Shown, other: Shown) -> bool:
    return one.frame is other.frame and one.scene is other.scene and one.held == other.held
