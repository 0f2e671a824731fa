"""A person with a skeleton has no box besides; a person without one has."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import body, face, thing

from desktop.drawing.marks import Boxes, Lines, Marks, marks_of
from desktop.drawing.people import without_bodies
from desktop.drawing.renderer import draw
from models.scene import Body, Detection, Scene


def person(x1: float, y1: float, x2: float, y2: float, *, track: int = 1, label: str = "person") -> Detection:
    return Detection(np.array([x1, y1, x2, y2], np.float32), 0.8, label, track)


def test_the_box_of_a_person_with_a_skeleton_is_not_drawn() -> None:
    around = person(50, 50, 170, 170)
    marks = marks_of(Scene((around,), (), (body(),)))
    assert marks.boxes == ()
    assert [label.text for label in marks.labels] == ["body 2"]
    assert [label.text for label in marks_of(Scene((around,))).labels] == ["person 1  80%"]


@pytest.mark.parametrize(
    "other",
    [
        person(300, 50, 420, 170),  # elsewhere
        person(50, 50, 90, 170),  # half of the joints are outside
        person(0, 0, 600, 600),  # much larger: of somebody in front
        person(50, 50, 170, 170, label="dog"),  # no person at all
    ],
)
def test_what_the_skeleton_does_not_show_keeps_its_box(other: Detection) -> None:
    assert without_bodies((other,), (body(),)) == (other,)


def test_one_skeleton_stands_for_one_person() -> None:
    near, far = person(55, 55, 165, 165), person(40, 40, 190, 190, track=2)
    assert without_bodies((far, near), (body(),)) == (far,)
    assert without_bodies((far, near), (body(), body(61.0, 61.0, track=5))) == ()


def test_a_body_without_visible_joints_stands_for_nobody() -> None:
    unseen = Body(body().box, 0.9, body(visibility=0.1).points, body().world, 1)
    around = person(50, 50, 170, 170)
    assert without_bodies((around,), (unseen,)) == (around,)


def test_boxes_lie_below_faces_and_skeletons() -> None:
    box = Boxes(np.array([[100, 50, 300, 200]], np.float32), (0, 0, 255), 4.0)
    line = Lines(np.array([[200, 20, 200, 100]], np.float32), (255, 0, 0), 4.0)
    pixels = np.full((240, 320, 3), 110, np.uint8)
    draw(pixels, Marks(lines=(line,), boxes=(box,)))
    assert pixels[50, 200].tolist() == [0, 0, 255]
    assert pixels[50, 150].tolist() == [255, 0, 0]


def test_objects_of_one_colour_are_one_group() -> None:
    things = (thing("dog", track=1), thing("cat", track=2), thing("dog", track=3))
    marks = marks_of(Scene(things, (face(),)))
    assert [len(boxes.corners) for boxes in marks.boxes] == [2, 1]
    assert [label.text for label in marks.labels][1:] == ["dog 1  91%", "cat 2  91%", "dog 3  91%"]
