"""Which picture the window paints, and with which marks."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.frame import Frame
from models.scene import Scene

FRESH = 100_000_000
"""Nanoseconds for which an analysed frame is young enough to be painted though newer ones were captured."""

HELD = 500_000_000
"""Nanoseconds after its frame's capture for which a scene is shown on newer frames."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A frame and the scene that was found in it."""

    frame: Frame
    scene: Scene


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is to be painted: `frame` with the marks of `scene`, None without; `held`: they are of an earlier frame.

    `hidden`: nothing of the picture may be seen, since it is not known where in it that lies which is to be hidden.
    """

    frame: Frame
    scene: Scene | None
    held: bool
    hidden: bool = False


def choose(newest: Frame | None, pair: Pair | None, now: int, *, not_before: int = 0) -> Shown | None:
    """What to paint at `now` (ns, of the clock of the frames' times).

    The newest analysed `pair` while its frame is younger than 100 ms or still the newest; else the newest captured
    frame with the pair's marks as held while they are at most 0.5 s old, then without. None before the first frame.
    A frame whose index is less than `not_before` is not shown for its pair's sake: once the window has gone ahead to
    newer frames, its time does not run backwards.
    """
    if newest is None:
        return None
    if pair is None:
        return Shown(newest, None, False)
    if pair.frame.index >= newest.index:
        return Shown(pair.frame, pair.scene, False)
    age = now - pair.frame.time
    if age < FRESH and pair.frame.index >= not_before:
        return Shown(pair.frame, pair.scene, False)
    if age <= HELD and pair.scene:
        return Shown(newest, pair.scene, True)
    return Shown(newest, None, False)
