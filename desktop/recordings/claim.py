"""The name of a recording, taken when it is asked for: no second program chooses the same one meanwhile."""

from __future__ import annotations

from pathlib import Path

from desktop.recordings.locking import Lock, before_moving
from desktop.recordings.placing import Placing


class Claim:
    """The temporary file of a video, made empty and locked before the first frame.

    `place` and `lock` are for what writes the video. Raises as Placing and Lock do: nothing is left then.
    """

    def __init__(self, target: Path, *, overwrite: bool) -> None:
        self.place = Placing(target, overwrite=overwrite)
        try:
            self.lock = Lock(self.place.temporary)
        except BaseException:
            self.place.abort()
            raise
        self._given_up = False

    def give_up(self) -> None:
        """Remove the file and let go of its name, once: after that it may be another's. Never raises."""
        if self._given_up:
            return
        self._given_up = True
        before_moving(self.lock.release)
        self.place.abort()
        self.lock.release()
