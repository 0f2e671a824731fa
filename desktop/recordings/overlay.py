"""What is to be drawn on the frames of a video, told by its sidecar as the recording itself would have drawn it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from desktop.recordings.between import FARTHEST, between
from desktop.recordings.carry import Carry
from desktop.recordings.sidecar_reader import Line
from models.scene import Scene

NEAR = 0.002
"""Seconds by which a frame's time may differ from its line's: containers count time in steps of up to a millisecond."""

_MOST = 4096  # lines that are looked through for the next scene


@dataclass(frozen=True, slots=True, eq=False)
class Overlaid:
    """What to draw on a frame: `scene`, half transparent where it is `held`. `told`: the frame has a line."""

    scene: Scene
    held: bool
    told: bool


class Overlay:
    """The scenes of one video, for its frames in the order of their times. `lines` are read as they are needed."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._ahead: deque[Line] = deque()
        self._carry = Carry()
        self._before: tuple[float, Scene] | None = None

    def at(self, time: float) -> Overlaid:
        """What to draw on the frame at `time`, seconds from the first."""
        line = self._line_of(time)
        if line is not None and line.scene is not None:
            return Overlaid(line.scene, False, True)
        if line is not None and line.interpolated:
            scene = self._between(line.time)
            if scene is not None:
                return Overlaid(scene, False, True)
        return Overlaid(*self._carry(time, False), line is not None)

    def _line_of(self, time: float) -> Line | None:
        while (line := self._next()) is not None and line.time <= time + NEAR:
            self._ahead.popleft()
            if line.scene is not None:
                self._before = (line.time, line.scene)
                self._carry(line.time, True, line.scene)
            if line.time >= time - NEAR:
                return line
        return None

    def _next(self) -> Line | None:
        return self._ahead[0] if self._ahead else next(self._coming(), None)

    def _between(self, time: float) -> Scene | None:
        """The scene between that before and that after, where both are there and near enough."""
        if self._before is None:
            return None
        before, scene = self._before
        after = self._analysed_by(before + FARTHEST + NEAR)
        return None if after is None or after.scene is None else between(scene, before, after.scene, after.time, time)

    def _analysed_by(self, latest: float) -> Line | None:
        """The next analysed line, if it is not later than this."""
        for line in self._coming():
            if line.time > latest:
                return None
            if line.scene is not None:
                return line
        return None

    def _coming(self) -> Iterator[Line]:
        """The lines that were not reached yet, those that were read already first."""
        yield from list(self._ahead)
        while len(self._ahead) < _MOST and (line := next(self._lines, None)) is not None:
            self._ahead.append(line)
            yield line
