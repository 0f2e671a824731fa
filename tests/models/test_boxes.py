"""Boxes: areas, overlaps, and boxes around points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import boxes

NUMBER = st.floats(-1000, 1000, width=32)


def box(*values: float) -> boxes.Floats:
    return np.array([values], np.float32)


@pytest.mark.parametrize(
    ("a", "b", "expected", "why"),
    [
        (box(0, 0, 2, 2), box(0, 0, 2, 2), 1.0, "the same box"),
        (box(0, 0, 2, 2), box(1, 0, 3, 2), 1 / 3, "half of each is shared"),
        (box(0, 0, 2, 2), box(2, 0, 4, 2), 0.0, "touching is not overlapping"),
        (box(0, 0, 4, 4), box(1, 1, 2, 2), 1 / 16, "one inside the other"),
        (box(1, 1, 1, 1), box(1, 1, 1, 1), 0.0, "two empty boxes share nothing, and nothing is divided by zero"),
    ],
)
def test_iou_is_the_shared_part_of_the_union(a: boxes.Floats, b: boxes.Floats, expected: float, why: str) -> None:
    assert boxes.iou(a, b)[0, 0] == pytest.approx(expected), why


def test_iou_of_no_boxes_is_an_empty_table() -> None:
    assert boxes.iou(np.zeros((0, 4), np.float32), box(0, 0, 1, 1)).shape == (0, 1)


def test_containment_is_whole_for_a_box_inside_another() -> None:
    assert boxes.containment(box(0, 0, 10, 10), box(2, 2, 3, 3))[0, 0] == 1


def test_clipping_keeps_what_is_in_the_picture() -> None:
    assert boxes.clip(box(-5, -5, 50, 20), 40, 30).tolist() == [[0, 0, 40, 20]]


def test_a_box_turned_inside_out_has_no_area() -> None:
    assert boxes.area(box(3, 3, 1, 5)).tolist() == [0]


@given(st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=20))
def test_a_box_around_points_holds_them_all_and_touches_the_outermost(places: list[tuple[float, float]]) -> None:
    points = np.array(places, np.float32)
    x1, y1, x2, y2 = boxes.around(points)
    assert (points >= [x1, y1]).all()
    assert (points <= [x2, y2]).all()
    assert {x1, x2} <= set(points[:, 0])
    assert {y1, y2} <= set(points[:, 1])
