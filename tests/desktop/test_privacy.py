"""What is to be hidden is hidden, before, while and after it is seen, and cannot be had back from the pixels."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import body, face, thing

from desktop.drawing.mosaic import CELLS, WHOLE_CELLS, How, hide_all, hide_parts
from desktop.drawing.privacy import AHEAD, FRESH, HELD, Hide, Privacy, drawable
from models.scene import EMPTY, Detection, Scene

SIZE = (320, 240)
HOWS: tuple[How, ...] = ("pixelate", "blur", "fill")
NOISE = np.random.default_rng(5).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
NOISE.setflags(write=False)


def at(x: float, y: float = 80.0, side: float = 60.0, *, track: int = 1) -> Scene:
    return Scene(faces=(face(x, y, side, track=track),))


def told(*scenes: tuple[float, Scene], hide: Hide | None = None) -> Privacy:
    privacy = Privacy(Hide() if hide is None else hide)
    for time, scene in scenes:
        privacy.saw(time, scene, SIZE)
    return privacy


def is_hidden(privacy: Privacy, time: float, x: float, y: float = 80.0, side: float = 60.0) -> bool:
    """Whether no pixel of this square is what it was, at `time`."""
    hidden = privacy.hidden(NOISE, time)
    place = np.s_[max(round(y), 0) : max(round(y + side), 0), max(round(x), 0) : max(round(x + side), 0)]
    left = (hidden[place] == NOISE[place]).all(2)
    return bool(left.sum() <= 0.003 * left.size)  # noise meets its average now and then


def is_whole(privacy: Privacy, time: float) -> bool:
    return privacy.boxes(time, SIZE) is None and bool((privacy.hidden(NOISE, time) == hide_all(NOISE)).all())


# What is left of the pixels


@given(x=st.floats(-80, 330), y=st.floats(-80, 250), side=st.floats(0.5, 400), how=st.sampled_from(HOWS))
@settings(max_examples=40, deadline=None)
def test_a_part_holds_no_more_than_the_averages_of_a_few_cells(x: float, y: float, side: float, how: How) -> None:
    """Another picture with the same averages comes out the same: nothing finer can be had back."""
    hidden = hide_parts(NOISE, [(x, y, x + side, y + side)], how)
    left, top = max(int(np.floor(x)), 0), max(int(np.floor(y)), 0)
    right, bottom = min(int(np.ceil(x + side)), SIZE[0]), min(int(np.ceil(y + side)), SIZE[1])
    outside = np.ones(NOISE.shape[:2], bool)
    if left < right and top < bottom:
        outside[top:bottom, left:right] = False
        part = hidden[top:bottom, left:right]
        if how == "pixelate":
            assert len(np.unique(part.reshape(-1, 3), axis=0)) <= CELLS**2
        flat = np.full_like(NOISE, 77)
        flat[top:bottom, left:right] = NOISE[top:bottom, left:right]
        elsewhere = hide_parts(flat, [(x, y, x + side, y + side)], how)
        assert (elsewhere[top:bottom, left:right] == part).all(), "what is hidden depends on what lies around it"
    assert (hidden[outside] == NOISE[outside]).all()


def test_a_blur_knows_no_more_than_the_cells_it_is_made_of() -> None:
    box = (40.0, 40.0, 160.0, 160.0)
    mosaic = hide_parts(NOISE, [box], "pixelate")
    assert (hide_parts(mosaic, [box], "blur") == hide_parts(NOISE, [box], "blur")).all()


def test_what_is_filled_tells_nothing_but_where_it_is() -> None:
    other = np.zeros_like(NOISE)
    box = (40.0, 40.0, 160.0, 160.0)
    assert (hide_parts(NOISE, [box], "fill")[40:160, 40:160] == hide_parts(other, [box], "fill")[40:160, 40:160]).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (1280, 720), (17, 9)])
@pytest.mark.parametrize("how", HOWS)
def test_a_whole_picture_of_any_size_is_hidden(size: tuple[int, int], how: How) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    hidden = hide_all(picture, how)
    assert hidden.shape == picture.shape
    if how != "blur":
        assert len(np.unique(hidden.reshape(-1, 3), axis=0)) <= WHOLE_CELLS**2


def test_the_picture_that_was_given_stays_as_it_is_and_another_is_given_back() -> None:
    before = NOISE.copy()
    privacy = told((0.0, at(100)))
    for time in (0.0, 5.0):
        hidden = privacy.hidden(NOISE, time)
        hidden[:] = 0
        assert (before == NOISE).all()


def test_faces_that_overlap_are_each_hidden_of_the_clear_picture() -> None:
    one, two = (40.0, 40.0, 160.0, 160.0), (100.0, 100.0, 220.0, 220.0)
    both = hide_parts(NOISE, [one, two])
    assert (both[100:220, 100:220] == hide_parts(NOISE, [two])[100:220, 100:220]).all()


def test_a_small_part_shows_nothing_of_a_large_one_that_it_lies_on() -> None:
    large, small = (40.0, 40.0, 200.0, 200.0), (80.0, 80.0, 110.0, 110.0)
    for boxes in ([large, small], [small, large]):
        assert (hide_parts(NOISE, boxes) == hide_parts(NOISE, [large])).all()


# When the whole picture is hidden


def test_a_frame_before_anything_was_analysed_is_hidden_whole() -> None:
    assert is_whole(Privacy(Hide()), 0.0)
    assert is_whole(told((1.0, at(100))), 0.9)


def test_a_frame_whose_newest_scene_is_older_than_half_a_second_is_hidden_whole() -> None:
    privacy = told((1.0, EMPTY))
    assert not is_whole(privacy, 1.0 + FRESH)
    assert (privacy.hidden(NOISE, 1.0 + FRESH) == NOISE).all()
    assert is_whole(privacy, 1.0 + FRESH + 0.001)


def test_a_scene_of_another_size_says_nothing() -> None:
    privacy = Privacy(Hide())
    privacy.saw(0.0, EMPTY, (640, 480))
    assert is_whole(privacy, 0.1)
    privacy.saw(0.2, EMPTY, SIZE)
    assert not is_whole(privacy, 0.3)


@pytest.mark.parametrize(
    ("hide", "looked_for", "whole"),
    [
        (Hide(), {"bodies", "objects", "person"}, True),
        (Hide(), {"faces"}, False),
        (Hide(faces=False, labels=frozenset({"dog"})), {"faces"}, True),
        (Hide(faces=False, labels=frozenset({"dog"})), {"objects", "cat"}, True),
        (Hide(faces=False, labels=frozenset({"dog"})), {"objects", "cat", "dog"}, False),
        (Hide(labels=frozenset({"dog"})), {"objects", "cat", "dog"}, True),
    ],
)
def test_a_frame_in_which_nobody_looked_for_what_is_to_be_hidden_is_hidden_whole(
    hide: Hide, looked_for: set[str], whole: bool
) -> None:
    assert is_whole(told((0.0, Scene(looked_for=frozenset(looked_for))), hide=hide), 0.1) is whole


def test_a_face_whose_place_is_no_number_hides_all() -> None:
    lost = replace(face(), box=np.array([np.nan, 0, 10, 10], np.float32))
    assert is_whole(told((0.0, Scene(faces=(lost,)))), 0.0)


def test_forgetting_hides_all_until_something_is_seen_again() -> None:
    privacy = told((0.0, EMPTY))
    privacy.forget()
    assert is_whole(privacy, 0.0)


# Where a face is hidden


@given(
    places=st.lists(
        st.tuples(st.floats(-40, 300), st.floats(-40, 220), st.floats(8, 120)), min_size=1, max_size=5, unique=True
    ),
    how=st.sampled_from(HOWS),
)
@settings(max_examples=40, deadline=None)
def test_no_pixel_of_any_face_that_was_found_is_left(places: list[tuple[float, float, float]], how: How) -> None:
    scene = Scene(faces=tuple(face(x, y, side, track=n) for n, (x, y, side) in enumerate(places, 1)))
    boxes = told((0.0, scene), hide=Hide(how=how)).boxes(0.0, SIZE)
    assert boxes is not None
    for (x, y, side), (x1, y1, x2, y2) in zip(places, boxes, strict=True):
        margin = 0.2499 * side
        assert x1 <= x - margin
        assert y1 <= y - margin
        assert x2 >= x + side + margin
        assert y2 >= y + side + margin


@given(
    steps=st.lists(st.tuples(st.floats(0.02, 0.5), st.floats(-60, 60), st.floats(-30, 30)), min_size=2, max_size=8),
    missed=st.sets(st.integers(1, 7), max_size=3),
    track=st.sampled_from([0, 1]),
)
@settings(max_examples=50, deadline=None)
def test_a_face_is_hidden_in_the_frames_in_which_it_was_missed(
    steps: list[tuple[float, float, float]], missed: set[int], track: int
) -> None:
    """It goes straight on from look to look; looks that miss it, however they fall, leave it hidden where it was."""
    time, x, y = 10.0, 120.0, 80.0
    privacy, last = Privacy(Hide()), (10.0, 120.0, 80.0)
    for number, (step, across, down) in enumerate(steps):
        if number in missed:
            privacy.saw(time, EMPTY, SIZE)
            if time - last[0] <= (HELD if track else 0.5):
                assert is_hidden(privacy, time, last[1], last[2])
        else:
            privacy.saw(time, at(x, y, track=track), SIZE)
            last = (time, x, y)
            assert is_hidden(privacy, time, x, y)
        time, x, y = time + step, x + across, y + down


def test_a_face_that_is_lost_is_hidden_for_a_second_and_more_around_it_the_longer_it_is_lost() -> None:
    times = [0.0, 0.25, 0.5, 0.75, HELD]
    privacy = told((0.0, at(120)), *((time, EMPTY) for time in times[1:]), (HELD + 0.01, EMPTY))
    wide = []
    for time in times:
        boxes = privacy.boxes(time, SIZE)
        assert boxes is not None
        assert len(boxes) == 1
        wide.append(boxes[0][2] - boxes[0][0])
        assert is_hidden(privacy, time, 120)
    assert wide == sorted(wide)
    assert wide[-1] > 1.5 * wide[0]
    assert privacy.boxes(HELD + 0.01, SIZE) == []


def test_a_face_that_moves_is_hidden_where_it_was_and_where_it_would_be() -> None:
    privacy = told((0.0, at(40)), (0.1, at(70)), (0.2, EMPTY), (0.3, EMPTY))
    assert is_hidden(privacy, 0.2, 70)
    assert is_hidden(privacy, 0.2, 100)
    assert is_hidden(privacy, 0.3, 70)
    assert is_hidden(privacy, 0.3, 130)


def test_a_face_seen_once_is_hidden_though_it_is_carried_past_by_somebody_walking() -> None:
    privacy = told((0.0, at(100)))
    for time in (0.1, 0.2, 0.4):
        assert is_hidden(privacy, time, 100 + 3 * 60 * time)
        assert is_hidden(privacy, time, 100 - 3 * 60 * time)


def test_a_frame_newer_than_every_scene_hides_where_the_face_goes() -> None:
    privacy = told((0.0, at(40)), (0.1, at(70)))
    assert is_hidden(privacy, 0.2, 100)
    assert is_hidden(privacy, 0.2, 70)


@given(share=st.floats(0.0, 1.0), reach=st.floats(0, 28))
@settings(max_examples=40, deadline=None)
def test_between_two_scenes_a_face_is_hidden_on_its_way(share: float, reach: float) -> None:
    privacy = told((0.0, at(100)), (0.4, at(100 + reach)))
    assert is_hidden(privacy, 0.4 * share, 100 + share * reach)


def test_a_face_that_jumps_is_hidden_all_the_way_between_both_places() -> None:
    privacy = told((0.0, at(20)), (0.4, at(220)))
    for time in (0.1, 0.2, 0.3):
        for x in (20, 120, 220):
            assert is_hidden(privacy, time, x)


def test_a_face_lost_for_a_while_is_hidden_between_both_places_when_it_is_back() -> None:
    privacy = told((0.0, at(100)), (0.2, EMPTY), (0.4, EMPTY), (0.6, at(125)))
    assert is_hidden(privacy, 0.4, 100)
    assert is_hidden(privacy, 0.4, 125)


def test_a_newcomer_is_hidden_before_it_was_first_found_as_far_as_that_is_known() -> None:
    privacy = told((0.0, EMPTY), (0.1, EMPTY), (0.2, EMPTY), (0.3, at(100)))
    assert is_hidden(privacy, 0.25, 100)
    assert is_hidden(privacy, 0.3 - AHEAD, 100)
    slow = told((0.0, EMPTY), (0.45, at(100)))
    assert is_hidden(slow, 0.01, 100), "it may have come right after the look before"


def test_scenes_may_be_told_twice_and_late() -> None:
    privacy = told((0.0, at(20)), (0.2, EMPTY), (0.1, at(30)), (0.1, at(30)))
    assert privacy.boxes(0.05, SIZE) == told((0.0, at(20)), (0.1, at(30)), (0.2, EMPTY)).boxes(0.05, SIZE)


def test_two_threads_may_tell_and_ask_at_once() -> None:
    privacy, wrong = told((0.0, at(100))), []

    def tell() -> None:
        for number in range(1, 400):
            privacy.saw(number / 1000, at(100), SIZE)

    thread = threading.Thread(target=tell)
    thread.start()
    for _ in range(100):
        if not is_hidden(privacy, 0.3, 100):
            wrong.append(privacy.boxes(0.3, SIZE))
    thread.join()
    assert not wrong


# What is not found as a face


def test_a_head_whose_face_was_not_found_is_hidden_where_the_body_has_it() -> None:
    someone = body(60.0, 60.0)
    boxes = told((0.0, Scene(bodies=(someone,)))).boxes(0.0, SIZE)
    assert boxes is not None
    assert len(boxes) == 1
    x1, y1, x2, y2 = boxes[0]
    head = someone.points[:11, :2]
    assert x1 < head[:, 0].min()
    assert y1 < head[:, 1].min()
    assert x2 > head[:, 0].max()
    assert y2 > head[:, 1].max()


def test_a_head_that_is_turned_away_is_not_looked_for() -> None:
    assert told((0.0, Scene(bodies=(body(visibility=0.1),)))).boxes(0.0, SIZE) == []


def test_a_head_with_its_face_found_is_hidden_once_and_goes_on_when_the_face_is_lost() -> None:
    someone = body(60.0, 60.0)
    seen = face(80.0, 50.0, 50.0)
    privacy = told((0.0, Scene(faces=(seen,), bodies=(someone,))), (2.0, Scene(bodies=(someone,))))
    first, second = privacy.boxes(0.0, SIZE), privacy.boxes(2.0, SIZE)
    assert first is not None
    assert len(first) == 1
    assert first[0][0] == 80.0 - 0.25 * 50
    assert second is not None
    assert len(second) == 1


def test_of_a_person_who_is_a_box_only_the_upper_part_is_hidden() -> None:
    person = Detection(np.array([100, 40, 160, 240], np.float32), 0.8, "person", 4)
    boxes = told((0.0, Scene((person,)))).boxes(0.0, SIZE)
    assert boxes is not None
    assert len(boxes) == 1
    assert boxes[0][0] <= 100
    assert boxes[0][2] >= 160
    assert boxes[0][1] <= 40
    assert 80 <= boxes[0][3] <= 140
    found = face(115.0, 45.0, 30.0)
    with_face = told((0.0, Scene((person,), (found,)))).boxes(0.0, SIZE)
    assert with_face == told((0.0, Scene(faces=(found,)))).boxes(0.0, SIZE)


def test_a_person_seen_once_is_lost_within_a_step_of_where_it_was() -> None:
    person = Detection(np.array([130, 60, 170, 200], np.float32), 0.8, "person", 4)
    boxes = told((0.0, Scene((person,))), (0.4, EMPTY)).boxes(0.4, SIZE)
    assert boxes is not None
    ((x1, _, x2, _),) = boxes
    assert 130 - 40 < x1 < 130 - 10 - 10
    assert 170 + 10 + 10 < x2 < 170 + 40


def test_any_class_can_be_hidden_and_faces_left() -> None:
    hide = Hide(faces=False, labels=frozenset({"dog"}))
    scene = Scene((thing("dog"), thing("cat", track=5)), (face(200.0, 100.0),))
    boxes = told((0.0, scene), hide=hide).boxes(0.0, SIZE)
    assert boxes is not None
    assert len(boxes) == 1
    assert boxes[0][0] < thing("dog").box[0]


def test_people_are_hidden_by_their_bodies_too() -> None:
    hide = Hide(faces=False, labels=frozenset({"person"}))
    boxes = told((0.0, Scene(bodies=(body(60.0, 60.0),))), hide=hide).boxes(0.0, SIZE)
    assert boxes == [(60 - 25, 60 - 25, 160 + 25, 160 + 25)]


def test_marks_of_a_hidden_face_do_not_draw_its_shape() -> None:
    scene = Scene((thing(),), (face(),), (body(),))
    assert not np.isfinite(drawable(scene, Hide()).faces[0].points).any()
    assert drawable(scene, Hide()).bodies == scene.bodies
    assert drawable(scene, Hide(), face_points=True) is scene
    assert drawable(scene, None) is scene
    assert drawable(scene, Hide(faces=False, labels=frozenset({"dog"}))) is scene


@pytest.mark.parametrize("wrong", [{"faces": False}, {"margin": -0.1}, {"margin": float("nan")}, {"margin": 3.0}])
def test_what_hides_nothing_or_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"nothing to hide|margin"):
        Hide(**wrong)  # type: ignore[arg-type]  # wrong on purpose
