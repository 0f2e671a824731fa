"""What a session has seen so far: the newest frame and pair, and how many there were."""

from __future__ import annotations

from desktop.frame import Frame
from desktop.live.figures import Rate
from desktop.live.showing import Pair, Shown, choose


class Tally:
    """Used under the lock of its session. `newest`: captured frame, `pair`: the newest that was analysed."""

    def __init__(self) -> None:
        self.newest: Frame | None = None
        self.pair: Pair | None = None
        self.captured = self.analysed = 0
        self._painted = 0
        self._capture_rate, self._analysed_rate = Rate(), Rate()

    def capture(self, frame: Frame) -> None:
        """One more frame."""
        self.newest = frame
        self.captured += 1
        self._capture_rate.count(frame.time)

    def analyse(self, pair: Pair, now: int) -> None:
        """One more pair, known at `now` (ns)."""
        self.pair = pair
        self.analysed += 1
        self._analysed_rate.count(now)

    def shown(self, now: int) -> Shown | None:
        """What the window paints at `now`: it has it from here, and will not go back behind it."""
        shown = self._choose(now)
        if shown is not None:
            self._painted = shown.frame.index
        return shown

    def age(self, now: int) -> float | None:
        """Seconds since the capture of the frame to be shown at `now`, None before the first."""
        shown = self._choose(now)
        return None if shown is None else (now - shown.frame.time) / 1e9

    def silent(self, now: int) -> float | None:
        """Seconds since anything was captured, None before the first."""
        return None if self.newest is None else (now - self.newest.time) / 1e9

    def rates(self, now: int) -> tuple[float, float]:
        """Frames captured and analysed a second, at `now`."""
        return self._capture_rate.at(now), self._analysed_rate.at(now)

    def _choose(self, now: int) -> Shown | None:
        return choose(self.newest, self.pair, now, not_before=self._painted)
