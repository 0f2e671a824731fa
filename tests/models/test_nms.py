"""Suppression: one box for each thing."""

from __future__ import annotations

import numpy as np
import pytest

from models import nms


def floats(*values: object) -> nms.Floats:
    return np.array(values, np.float32)


NEAR = floats([0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60])


@pytest.mark.parametrize(
    ("scores", "iou", "kept", "why"),
    [
        ([0.9, 0.8, 0.7], 0.5, [0, 2], "the weaker of two overlapping boxes goes"),
        ([0.8, 0.9, 0.7], 0.5, [1, 2], "whichever comes first in the list"),
        ([0.7, 0.8, 0.9], 0.9, [2, 1, 0], "a high limit keeps all, best first"),
        ([0.5, 0.5, 0.5], 0.5, [0, 2], "of equals the earlier stays"),
    ],
)
def test_the_best_of_overlapping_boxes_stays(scores: list[float], iou: float, kept: list[int], why: str) -> None:
    assert nms.suppress(NEAR, floats(*scores), iou).tolist() == kept, why


def test_nothing_to_suppress_is_nothing() -> None:
    none = np.zeros((0, 4), np.float32)
    assert nms.suppress(none, np.zeros(0, np.float32), 0.3).tolist() == []
    boxes, points, scores = nms.suppress_weighted(none, np.zeros((0, 6, 2), np.float32), np.zeros(0, np.float32), 0.3)
    assert (boxes.shape, points.shape, scores.shape) == ((0, 4), (0, 6, 2), (0,))


def test_a_weighted_box_is_the_mean_of_its_group_by_score_and_keeps_the_best_score() -> None:
    points = NEAR[:, None, :2]
    boxes, places, scores = nms.suppress_weighted(NEAR, points, floats(0.25, 0.75, 0.5), 0.3)
    assert np.allclose(boxes, floats([0.75, 0, 10.75, 10], [50, 50, 60, 60]))
    assert np.allclose(places, floats([[0.75, 0]], [[50, 50]]))
    assert scores.tolist() == [0.75, 0.5]


def test_a_weighted_group_is_what_overlaps_its_best_box_not_what_overlaps_its_members() -> None:
    chain = floats([0, 0, 10, 10], [6, 0, 16, 10], [12, 0, 22, 10])
    boxes, _, _ = nms.suppress_weighted(chain, chain[:, None, :2], floats(0.9, 0.8, 0.7), 0.2)
    assert len(boxes) == 2
    assert boxes[1].tolist() == [12, 0, 22, 10]


def test_boxes_without_area_are_kept_and_not_divided_by_zero() -> None:
    empty = np.zeros((2, 4), np.float32)
    boxes, _, scores = nms.suppress_weighted(empty, empty[:, None, :2], floats(0.9, 0.8), 0.3)
    assert np.isfinite(boxes).all()
    assert scores[0] == np.float32(0.9)
