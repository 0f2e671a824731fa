"""What is told of a frame between two that were looked at is never more than the two say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import body, face, scene, thing

from desktop.recordings.between import between
from models.scene import Body, Detection, Face, Scene

coordinates = st.floats(-1000, 5000, width=32)
scores = st.floats(0, 1)


@st.composite
def objects(draw: st.DrawFn) -> tuple[Detection, ...]:
    tracks = draw(st.lists(st.integers(1, 6), unique=True, max_size=5))
    return tuple(
        Detection(np.array(draw(st.tuples(*[coordinates] * 4)), np.float32), draw(scores), draw(labels), track)
        for track in tracks
    )


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    faces = draw(st.lists(st.integers(1, 3), unique=True, max_size=2))
    bodies = draw(st.lists(st.integers(1, 3), unique=True, max_size=2))
    return Scene(
        draw(objects()),
        tuple(face(draw(coordinates), draw(coordinates), track=track) for track in faces),
        tuple(body(draw(coordinates), draw(coordinates), track=track, visibility=draw(scores)) for track in bodies),
    )


labels = st.sampled_from(["dog", "cat"])
parts = st.floats(0, 1)


def _things(of: Scene) -> dict[tuple[str, int], Detection | Face | Body]:
    every: list[Detection | Face | Body] = [*of.objects, *of.faces, *of.bodies]
    return {(type(one).__name__, one.track): one for one in every}


@given(scenes(), scenes(), parts)
def test_what_is_in_both_lies_between_where_it_was_and_where_it_will_be(
    before: Scene, after: Scene, part: float
) -> None:
    told = _things(between(before, 10.0, after, 10.4, 10.0 + 0.4 * part))
    first, last = _things(before), _things(after)
    for key in first.keys() & last.keys():
        for name in ("box", "points", "world"):
            if hasattr(told[key], name):
                one, two, found = (getattr(of[key], name) for of in (first, last, told))
                assert np.all(found >= np.minimum(one, two))
                assert np.all(found <= np.maximum(one, two))
        ends = sorted([first[key].score, last[key].score])
        assert ends[0] - 1e-12 <= told[key].score <= ends[1] + 1e-12


@given(scenes(), scenes(), parts)
def test_what_is_in_one_alone_stays_where_it_was_or_is_not_there_yet(before: Scene, after: Scene, part: float) -> None:
    told = _things(between(before, 0.0, after, 0.4, 0.4 * part))
    first, last = _things(before), _things(after)
    assert list(told) == list(first)
    assert all(told[key] is first[key] for key in first.keys() - last.keys())


@given(scenes(), scenes())
def test_it_is_exact_at_both_ends(before: Scene, after: Scene) -> None:
    first, last = _things(before), _things(after)
    for time, wanted in ((3.0, first), (3.25, last)):
        told = _things(between(before, 3.0, after, 3.25, time))
        for key in first.keys() & last.keys():
            assert np.array_equal(told[key].box, wanted[key].box)
            assert told[key].score == wanted[key].score


@given(scenes(), parts)
def test_what_did_not_move_does_not_move(still: Scene, part: float) -> None:
    told = _things(between(still, 0.0, still, 0.1, 0.1 * part))
    assert all(np.array_equal(told[key].box, one.box) for key, one in _things(still).items())


def test_half_way_it_is_half_way() -> None:
    before, after = Scene(bodies=(body(0.0, 0.0, visibility=0.9),)), Scene(bodies=(body(40.0, 20.0, visibility=0.2),))
    (told,) = between(before, 1.0, after, 1.2, 1.1).bodies
    assert told.box == pytest.approx([20.0, 10.0, 120.0, 110.0])
    assert told.points[0] == pytest.approx([20.0, 10.0, -16.0, 0.2])
    assert told.track == 2


def test_a_name_that_changes_changes_half_way() -> None:
    before, after = Scene((thing("dog"),)), Scene((thing("wolf"),))
    told = [between(before, 0.0, after, 0.2, time).objects[0].label for time in (0.05, 0.15)]
    assert told == ["dog", "wolf"]


def test_what_vanished_is_held_for_half_a_second_and_no_longer() -> None:
    assert between(scene(), 0.0, Scene(), 1.0, 0.5)
    assert not between(scene(), 0.0, Scene(), 1.0, 0.51)


def test_things_that_are_not_followed_are_never_taken_for_one_another() -> None:
    before, after = Scene((thing(track=0),)), Scene((thing(track=0), thing(track=0)))
    assert between(before, 0.0, after, 0.1, 0.05).objects == before.objects


def test_kinds_are_not_taken_for_one_another() -> None:
    before, after = Scene(faces=(face(track=5),)), Scene(bodies=(body(track=5),))
    assert between(before, 0.0, after, 0.1, 0.05).faces == before.faces
