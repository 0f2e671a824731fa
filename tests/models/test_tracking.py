"""Who is who: numbers stay with things that move, cross, are lost and come back."""

from __future__ import annotations

import numpy as np
import pytest

from models.tracking import MEMORY, Tracker


def square(x: float, y: float = 100.0, side: float = 100.0) -> list[float]:
    return [x - side / 2, y - side / 2, x + side / 2, y + side / 2]


def see(tracker: Tracker, time: float, *places: list[float], owners: list[int] | None = None) -> list[int]:
    boxes = np.array(places, np.float32).reshape(-1, 4)
    return [track.number for track in tracker.update(boxes, owners or [0] * len(boxes), time)]


def test_numbers_begin_at_one_and_stay_with_what_moves() -> None:
    tracker = Tracker()
    for step in range(20):
        assert see(tracker, step / 30, square(100 + 4 * step), square(600 - 4 * step)) == [1, 2]


def test_the_order_in_which_things_are_seen_does_not_matter() -> None:
    tracker = Tracker()
    assert see(tracker, 0.0, square(100), square(600)) == [1, 2]
    assert see(tracker, 0.1, square(600), square(100)) == [2, 1]


@pytest.mark.parametrize(("fps", "speed"), [(30, 300.0), (8, 300.0), (60, 500.0)])
def test_two_that_cross_keep_their_numbers_at_any_frame_rate(fps: int, speed: float) -> None:
    tracker = Tracker()
    for step in range(int(2 * fps)):
        time = step / fps
        numbers = see(tracker, time, square(100 + speed * time), square(100 + speed * 2 - speed * time, 110))
        assert numbers == [1, 2]


def test_one_hidden_while_they_cross_is_known_again_on_the_other_side() -> None:
    tracker = Tracker()
    for step in range(60):
        time = step / 30
        places = [square(100 + 200 * time), square(500 - 200 * time, side=80)]
        hidden = 25 <= step < 37
        numbers = see(tracker, time, *(places[:1] if hidden else places))
        assert numbers == ([1] if hidden else [1, 2])


def test_a_return_close_by_regains_the_number() -> None:
    tracker = Tracker()
    see(tracker, 0.0, square(100))
    see(tracker, 0.1)
    assert see(tracker, 1.0, square(150)) == [1]


@pytest.mark.parametrize(
    ("time", "place", "why"),
    [
        (MEMORY + 0.5, square(100), "after too long"),
        (0.2, square(900), "too far away"),
        (0.2, square(100, side=1500), "of quite another size, far beyond its place"),
    ],
)
def test_who_does_not_fit_gets_a_new_number(time: float, place: list[float], why: str) -> None:
    tracker = Tracker()
    see(tracker, 0.0, square(100))
    see(tracker, 0.1)
    if place[2] - place[0] > 1000:
        place = [value + 2000 for value in place]
    assert see(tracker, time, place) == [2], why


def test_numbers_are_not_used_again_after_a_reset() -> None:
    tracker = Tracker()
    see(tracker, 0.0, square(100))
    tracker.reset()
    assert see(tracker, 0.1, square(100)) == [2]


def test_a_new_session_counts_from_1() -> None:
    tracker = Tracker()
    see(tracker, 0.0, square(100))
    tracker.begin()
    assert see(tracker, 0.1, square(100)) == [1]


def test_nobody_is_seen_in_an_empty_frame() -> None:
    tracker = Tracker()
    assert see(tracker, 0.0) == []
    assert see(tracker, 0.1, square(100)) == [1]
    assert see(tracker, 0.2) == []


def test_what_is_found_in_a_handed_on_region_belongs_to_its_owner_unless_another_fits_clearly_better() -> None:
    tracker = Tracker()
    for step in range(4):
        see(tracker, step / 10, square(100), square(200))
    assert see(tracker, 0.4, square(160), owners=[1]) == [1]  # nearer to 2, but from 1's region
    tracker = Tracker()
    for step in range(4):
        see(tracker, step / 10, square(100), square(200))
    assert see(tracker, 0.4, square(198), owners=[1]) == [2]  # 1's region slid over to 2


def test_a_time_that_stands_still_breaks_nothing() -> None:
    tracker = Tracker()
    assert see(tracker, 1.0, square(100)) == [1]
    assert see(tracker, 1.0, square(110)) == [1]
    assert np.isfinite(tracker.tracks[0].speed).all()
