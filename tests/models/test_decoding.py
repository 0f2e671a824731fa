"""Decoding: raw numbers become boxes and points where they belong."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models import decoding, regions
from models.regions import Region


def floats(*values: object) -> decoding.Floats:
    return np.array(values, np.float32)


def test_a_sigmoid_of_huge_numbers_neither_overflows_nor_leaves_0_to_1() -> None:
    with np.errstate(over="raise"):
        assert np.allclose(decoding.sigmoid(floats(-1e9, 0, 1e9)), [0, 0.5, 1])


def test_a_box_is_measured_from_its_anchor() -> None:
    raw = floats([1, 2, 10, 20, 3, 4, -5, -6], [0] * 8)
    found = decoding.candidates(raw, floats(3, -3), floats([50, 60], [9, 9]), 0.5)
    assert found.boxes.tolist() == [[46, 52, 56, 72]]
    assert found.points.tolist() == [[[53, 64], [45, 54]]]
    assert found.scores[0] == pytest.approx(1 / (1 + math.exp(-3)))


@pytest.mark.parametrize(("threshold", "count"), [(0.0, 3), (0.5, 2), (0.9, 1), (1.0, 0)])
def test_only_scores_of_the_threshold_or_more_pass(threshold: float, count: int) -> None:
    logits = floats(-1, 0, 5)
    found = decoding.candidates(np.zeros((3, 12), np.float32), logits, np.zeros((3, 2), np.float32), threshold)
    assert len(found) == count
    assert found.points.shape == (count, 4, 2)


def test_candidates_of_a_letterbox_come_back_into_the_frame() -> None:
    found = decoding.Candidates(floats([0, 24, 96, 72]), floats([[48, 48]]), floats(0.9))
    placed = decoding.in_frame(found, regions.region_of_picture(200, 100), (96, 96))
    assert np.allclose(placed.boxes, [[0, 0, 200, 100]], atol=1e-3)
    assert np.allclose(placed.points, [[[100, 50]]], atol=1e-3)


def test_depth_takes_the_scale_of_x() -> None:
    placed = decoding.landmarks(floats([128, 128, 10]), Region(40, 30, 512, 512), (256, 256))
    assert placed.tolist() == [[40, 30, 20]]


def test_metres_are_turned_back_but_not_scaled() -> None:
    turned = decoding.world(floats([0, -1, 0.5]), Region(0, 0, 999, 999, math.pi / 2))
    assert np.allclose(turned, [[1, 0, 0.5]], atol=1e-6)


def heat_at(column: int, row: int, logit: float = 8.0) -> decoding.Floats:
    heatmap = np.full((1, 64, 64), -20, np.float32)
    heatmap[0, row, column] = logit
    return heatmap


@pytest.mark.parametrize(
    ("start", "heat", "end", "why"),
    [
        ((100, 100), heat_at(27, 24), (108, 96), "a point moves to the heat near it"),
        ((100, 100), heat_at(40, 40), (100, 100), "heat more than three cells away is another's"),
        ((100, 100), heat_at(27, 24, -1), (100, 100), "heat below one half is no evidence"),
        ((-8, 100), heat_at(0, 24), (-8, 100), "a point outside the map stays"),
        ((2, 2), heat_at(1, 0), (4, 0), "at the corner the kernel is cut, not wrapped round"),
        ((254, 254), heat_at(0, 0), (254, 254), "nor wrapped round at the other corner"),
    ],
)
def test_a_point_is_refined_by_its_heat(
    start: tuple[float, float], heat: decoding.Floats, end: tuple[float, float], why: str
) -> None:
    refined = decoding.refined(floats([*start, 7.0]), heat, 256)
    assert np.allclose(refined[0], [*end, 7.0], atol=0.01), why
