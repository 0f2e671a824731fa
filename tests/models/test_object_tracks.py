"""Objects from frame to frame: numbers stay with things, names do not flicker, boxes of still things lie still."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from models.cells import Things
from models.object_tracks import HELD, MEMORY, ObjectTracks, Tracked, one_thing

Floats = NDArray[np.float32]
CAR, TRUCK, PERSON = 0, 1, 2
LEAST = np.full(3, 0.4, np.float32)


def box(x: float, y: float = 100.0, width: float = 60.0, height: float = 120.0) -> list[float]:
    return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]


def things(*seen: tuple[list[float], float, int]) -> Things:
    """Best first, as detectors give them."""
    ordered = sorted(seen, key=lambda one: -one[1])
    return Things(
        np.array([one[0] for one in ordered], np.float32).reshape(-1, 4),
        np.array([one[1] for one in ordered], np.float32),
        np.array([one[2] for one in ordered], np.intp),
    )


def people(*places: float, score: float = 0.8) -> Things:
    return things(*((box(x), score, PERSON) for x in places))


def advance(tracks: ObjectTracks, found: Things, time: float) -> Tracked:
    return tracks.advance(found, LEAST, time)


def by_place(seen: Tracked) -> list[int]:
    """Numbers of tracks from left to right."""
    return [int(number) for number in seen.tracks[np.argsort(seen.boxes[:, 0])]]


def test_a_sure_thing_shows_at_once_and_a_doubtful_one_when_it_is_seen_again() -> None:
    tracks = ObjectTracks(3)
    both = things((box(100), 0.9, PERSON), (box(400), 0.5, CAR))
    first = advance(tracks, both, 0.0)
    assert list(first.classes) == [PERSON]
    second = advance(tracks, both, 0.03)
    assert list(zip(second.tracks, second.classes, strict=True)) == [(1, PERSON), (2, CAR)]


def test_what_is_seen_in_one_frame_only_never_shows_nor_takes_a_number() -> None:
    tracks = ObjectTracks(3)
    advance(tracks, people(300, score=0.5), 0.0)
    assert not len(advance(tracks, people(), 0.03))
    advance(tracks, people(700, score=0.5), 0.06)
    assert list(advance(tracks, people(700, score=0.5), 0.09).tracks) == [1]


@pytest.mark.parametrize("fps", [8, 15, 30, 60])
def test_two_that_cross_keep_their_numbers_at_any_frame_rate(fps: int) -> None:
    tracks = ObjectTracks(3)
    for step in range(3 * fps):
        time = step / fps
        left, right = 100 + 150 * time, 550 - 150 * time
        hidden = abs(left - right) < 25  # one stands before the other
        seen = advance(tracks, people(left) if hidden else people(left, right), time)
        if not hidden and step:
            assert by_place(seen) == ([1, 2] if left < right else [2, 1])


def test_irregular_steps_of_time_break_no_track() -> None:
    random = np.random.default_rng(4)
    tracks, time = ObjectTracks(3), 0.0
    for _ in range(100):
        seen = advance(tracks, people(100 + 120 * time, 3000 - 90 * time), time)
        assert list(seen.tracks) == [1, 2]
        time += float(random.choice([0.0, 0.01, 0.03, 0.12, 0.3]))


def test_who_was_hidden_for_a_while_goes_on_under_the_same_number_where_the_movement_leads() -> None:
    tracks = ObjectTracks(3)
    for step in range(60):
        time = step / 30
        hidden = 30 <= step < 45
        seen = advance(tracks, people() if hidden else people(100 + 60 * time), time)
        if not hidden and step:
            assert list(seen.tracks) == [1]


def test_who_comes_back_later_than_that_is_somebody_new() -> None:
    tracks = ObjectTracks(3)
    advance(tracks, people(100), 0.0)
    advance(tracks, people(), 0.1)
    assert list(advance(tracks, people(100), 0.2 + MEMORY).tracks) == [2]


def test_half_covered_with_a_low_score_it_stays_but_nothing_begins_so() -> None:
    tracks = ObjectTracks(3)
    for step in range(30):
        advance(tracks, people(100), step / 30)
    for step in range(30, 90):
        seen = advance(tracks, people(100, 500, score=0.25), step / 30)
        assert list(seen.tracks) == [1]
    assert 0.2 < float(seen.scores[0]) < 0.4


def test_a_score_that_hovers_at_the_threshold_does_not_blink() -> None:
    random = np.random.default_rng(7)
    tracks, shown = ObjectTracks(3), []
    for step in range(1800):
        score = float(np.clip(random.normal(0.4, 0.08), 0.1, 1.0))
        shown.append(len(advance(tracks, people(100, score=score), step / 30)))
    appearances = sum(now > before for before, now in zip([0, *shown], shown, strict=False))
    assert appearances == 1


def test_what_the_detector_misses_for_a_moment_still_shows_and_then_goes() -> None:
    tracks = ObjectTracks(3)
    for step in range(10):
        advance(tracks, people(100, score=0.9), step / 30)
    assert list(advance(tracks, people(), 0.4).tracks) == [1]
    assert not len(advance(tracks, people(), 0.31 + HELD))


def test_a_flickering_name_breaks_no_track_and_does_not_show() -> None:
    random = np.random.default_rng(3)
    tracks, names = ObjectTracks(3), []
    for step in range(1800):
        kind = CAR if random.random() < 0.6 else TRUCK
        seen = advance(tracks, things((box(300), 0.6, kind)), step / 30)
        if step:
            assert list(seen.tracks) == [1]
            names.append(int(seen.classes[0]))
    assert sum(one != other for one, other in pairwise(names)) <= 1
    assert names[-1] == CAR


def test_one_thing_with_two_names_is_one_track() -> None:
    tracks = ObjectTracks(3)
    for step in range(20):
        car, truck = (0.6, 0.5) if step % 2 else (0.5, 0.6)
        seen = advance(tracks, things((box(300), car, CAR), (box(302), truck, TRUCK)), step / 30)
        assert list(seen.tracks) == ([1] if step else [])


def test_things_of_two_kinds_that_overlap_but_do_not_coincide_stay_two() -> None:
    found = things((box(300, width=60, height=120), 0.8, PERSON), (box(300, y=140, width=80, height=60), 0.7, CAR))
    boxes, scores, votes = one_thing(found, 3)
    assert len(boxes) == len(scores) == 2
    assert votes.argmax(axis=1).tolist() == [PERSON, CAR]


def test_the_box_of_a_still_thing_lies_still_and_that_of_a_moving_one_does_not_lag() -> None:
    random = np.random.default_rng(1)
    tracks, still, lag = ObjectTracks(3), [], []
    for step in range(150):
        time = step / 30
        unrest = random.normal(0, 1.2, 8)  # pixels
        moving = 300 + 100 * time
        noisy = np.array([box(100), box(moving)], np.float32) + unrest.reshape(2, 4)
        seen = advance(tracks, things(*((list(one), 0.9, PERSON) for one in noisy)), time)
        still.append(seen.boxes[0])
        lag.append(abs(float(seen.boxes[1, [0, 2]].mean()) - moving))
    wander = np.abs(np.diff(np.array(still[30:]), axis=0)).mean()
    assert wander < 0.2  # of 1.35 from frame to frame that go in
    assert np.mean(lag[30:]) < 6  # of 60 wide


def test_each_class_has_its_own_least_score() -> None:
    tracks = ObjectTracks(3)
    least = np.array([0.9, 0.4, 0.2], np.float32)
    found = things((box(100), 0.8, CAR), (box(300), 0.3, PERSON))
    for step in range(3):
        seen = tracks.advance(found, least, step / 30)
    assert list(seen.classes) == [PERSON]


def test_numbers_are_not_used_again_after_a_reset_but_a_new_session_begins_at_one() -> None:
    tracks = ObjectTracks(3)
    assert list(advance(tracks, people(100), 0.0).tracks) == [1]
    tracks.reset()
    assert list(advance(tracks, people(100), 0.03).tracks) == [2]
    tracks.begin()
    assert list(advance(tracks, people(100), 0.0).tracks) == [1]


def test_another_detector_with_other_classes_begins_new_tracks() -> None:
    tracks = ObjectTracks(3)
    advance(tracks, people(100), 0.0)
    tracks.reset(classes=1)
    seen = tracks.advance(things((box(100), 0.9, 0)), np.array([0.4], np.float32), 0.03)
    assert list(zip(seen.tracks, seen.classes, strict=True)) == [(2, 0)]


def test_a_time_that_stands_or_goes_back_breaks_nothing() -> None:
    tracks = ObjectTracks(3)
    for time in (1.0, 1.0, 0.5, 1.1, 1.0):
        seen = advance(tracks, people(100), time)
        assert list(seen.tracks) == [1]
        assert np.isfinite(seen.boxes).all()


def test_a_hundred_things_at_once_all_keep_their_numbers() -> None:
    places = [(40 + 90.0 * column, 70 + 130.0 * row) for row in range(5) for column in range(20)]
    tracks = ObjectTracks(3)
    for step in range(10):
        seen = advance(tracks, things(*((box(x + 2 * step, y), 0.8, PERSON) for x, y in places)), step / 30)
        order = np.lexsort((seen.boxes[:, 0], seen.boxes[:, 1].round(-1)))
        assert len(seen) == 100
        if not step:
            numbers = seen.tracks[order]
        assert (seen.tracks[order] == numbers).all()
