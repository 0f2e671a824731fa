"""What the window paints: the frame's own marks, an earlier frame's as held, or none; never old ones as its own."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import scene

from desktop.frame import Frame
from desktop.live.showing import Pair, choose
from models.scene import EMPTY

MS = 1_000_000


def _frame(index: int, time: int) -> Frame:
    return Frame(np.zeros((4, 4, 3), np.uint8), index, time * MS)


@pytest.mark.parametrize(
    ("pair", "newest", "now", "shown", "marks", "held", "reason"),
    [
        ((3, 0), (6, 95), 99, 3, True, False, "an analysed frame younger than 100 ms"),
        ((3, 0), (6, 95), 100, 6, True, True, "100 ms old: the newest frame, marks held"),
        ((3, 0), (18, 490), 500, 18, True, True, "held for 0.5 s, the last moment included"),
        ((3, 0), (18, 490), 501, 18, False, False, "no longer than that"),
        ((3, 0), (3, 0), 9000, 3, True, False, "its own marks, however old: a picture, a file at its end"),
        (None, (6, 95), 100, 6, False, False, "nothing analysed: no marks"),
    ],
)
def test_the_picture_and_its_marks(
    pair: tuple[int, int] | None,
    newest: tuple[int, int],
    now: int,
    shown: int,
    marks: bool,
    held: bool,
    reason: str,
) -> None:
    analysed = None if pair is None else Pair(_frame(*pair), scene())
    choice = choose(_frame(*newest), analysed, now * MS)
    assert choice is not None
    assert (choice.frame.index, choice.scene is not None, choice.held) == (shown, marks, held), reason


def test_before_the_first_frame_nothing_is_shown() -> None:
    assert choose(None, None, 0) is None


def test_a_scene_of_nothing_is_not_held() -> None:
    choice = choose(_frame(6, 190), Pair(_frame(3, 0), EMPTY), 200 * MS)
    assert choice is not None
    assert (choice.frame.index, choice.scene, choice.held) == (6, None, False)


def test_the_picture_never_goes_back_in_time() -> None:
    """A window that went on to frame 6 keeps to the newest, though frame 5 comes analysed and young."""
    choice = choose(_frame(7, 120), Pair(_frame(5, 60), scene()), 125 * MS, not_before=6)
    assert choice is not None
    assert (choice.frame.index, choice.held) == (7, True)
