"""A scene is carried over for half a second, as held, and never longer."""

from __future__ import annotations

from scenes import face, thing

from desktop.recordings.carry import Carry
from models.scene import EMPTY, Scene


def test_an_analysed_frame_has_its_own_scene() -> None:
    carry = Carry()
    scene = Scene(faces=(face(),))
    assert carry(0.0, True, scene) == (scene, False)
    assert carry(0.1, True, EMPTY) == (EMPTY, False)


def test_a_scene_is_held_for_half_a_second_and_then_gone() -> None:
    carry = Carry()
    scene = Scene((thing(),))
    carry(10.0, True, scene)
    assert carry(10.25, False) == (scene, True)
    assert carry(10.5, False) == (scene, True)
    assert carry(10.501, False) == (EMPTY, False)
    assert carry(10.502, False) == (EMPTY, False)


def test_nothing_is_held_before_anything_was_seen() -> None:
    assert Carry()(0.0, False) == (EMPTY, False)


def test_an_analysed_empty_frame_clears_what_was_held() -> None:
    carry = Carry()
    carry(0.0, True, Scene((thing(),)))
    carry(0.1, True, EMPTY)
    assert carry(0.2, False) == (EMPTY, False)


def test_going_back_in_time_forgets_the_scene() -> None:
    carry = Carry()
    carry(5.0, True, Scene((thing(),)))
    assert carry(1.0, False) == (EMPTY, False)
    assert carry(5.1, False) == (EMPTY, False)


def test_forgetting_starts_anew() -> None:
    carry = Carry()
    carry(0.0, True, Scene((thing(),)))
    carry.forget()
    assert carry(0.1, False) == (EMPTY, False)
