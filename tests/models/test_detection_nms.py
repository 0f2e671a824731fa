"""Suppression by class, and boxes of the dense heads' raw numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import cells, nms
from models.cells import Things

A, NEAR_A, FAR = [0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]


def floats(values: object) -> nms.Floats:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("boxes", "scores", "keys", "most", "kept", "why"),
    [
        (np.zeros((0, 4)), [], [], None, [], "empty in, empty out"),
        ([A], [0.5], [3], None, [0], "one alone stays"),
        ([A, NEAR_A, FAR], [0.8, 0.9, 0.7], [0, 0, 0], None, [1, 2], "of two on one thing the better stays"),
        ([A, NEAR_A, FAR], [0.8, 0.9, 0.7], [0, 1, 0], None, [1, 0, 2], "two classes do not suppress each other"),
        ([A, A], [0.8, 0.9], [5, 85], None, [1, 0], "the same class in two pictures (key = picture * 80 + class)"),
        ([A, A, A], [0.5, 0.5, 0.5], [0, 0, 0], None, [0], "of equals the earlier stays"),
        ([FAR, A, FAR], [0.5, 0.5, 0.5], [0, 0, 1], None, [0, 1, 2], "equals that stay keep their order"),
        ([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], [3, 2, 1], [0] * 3, None, [0, 2], "a dead box kills none"),
        ([A, NEAR_A, FAR], [0.9, 0.8, 0.7], [0, 0, 0], 1, [0], "no more than asked for"),
        ([A, NEAR_A, FAR], [0.9, 0.8, 0.7], [0, 0, 0], 2, [0, 2], "the suppressed one does not count"),
        ([A, FAR], [0.9, 0.8], [0, 0], 0, [], "nothing asked for"),
        ([[5, 5, 5, 5]] * 2, [0.9, 0.8], [0, 0], None, [0, 1], "boxes without area overlap nothing"),
        ([[30000, 0, 30010, 10], [30006, 0, 30016, 10]], [2, 1], [79] * 2, None, [0, 1], "far out nothing is rounded"),
        ([A, FAR], [-3.0, -4.0], [0, 0], None, [0, 1], "logits do as well as scores"),
    ],
)
def test_suppression_by_key(
    boxes: object, scores: object, keys: object, most: int | None, kept: list[int], why: str
) -> None:
    found = nms.suppress_by_key(floats(boxes), floats(scores), np.array(keys, np.int64), 0.4, most)
    assert found.tolist() == kept, why


@given(st.integers(0, 2**32 - 1), st.integers(1, 700), st.integers(1, 4), st.sampled_from([1, 50, None]))
def test_it_is_the_one_by_one_suppression_of_each_class(seed: int, count: int, classes: int, most: int | None) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 60, (count, 2))
    boxes = floats(np.concatenate([corners, corners + rng.uniform(5, 40, (count, 2))], 1))
    scores = floats(rng.integers(0, 50, count) / 50)  # with many ties
    keys = rng.integers(0, classes, count)
    alone = []
    for key in range(classes):
        of = np.flatnonzero(keys == key)
        alone.append(of[nms.suppress(boxes[of], scores[of], 0.5)])
    expected = np.concatenate(alone)
    expected = expected[np.lexsort((expected, -scores[expected]))]
    assert nms.suppress_by_key(boxes, scores, keys, 0.5, most).tolist() == expected[:most].tolist()


def test_the_grid_has_its_places_at_column_and_row_times_stride() -> None:
    grid = cells.grid(416, 416)
    assert len(grid) == 3598
    assert grid.places[:2].tolist() == [[0, 0], [8, 0]]
    assert grid.places[52].tolist() == [0, 8]
    assert (grid.places[-1].tolist(), float(grid.strides[-1])) == ([384, 384], 64)
    wide = cells.grid(192, 320)
    assert wide.places[40 * 24 + 20].tolist() == [0, 16]
    with pytest.raises(ValueError, match="read-only"):
        grid.places[0] = 1


def sides_of(distances: object, bins: int = cells.BINS) -> cells.Floats:
    """Logits whose whole weight lies on whole distances."""
    whole = np.array(distances)
    return floats(np.eye(bins)[whole] * 1000).reshape(*whole.shape[:-1], 4 * bins)


def test_distances_are_the_expectation_of_the_distribution_without_overflow() -> None:
    assert cells.distances(sides_of([[0, 7, 3, 1]])).tolist() == [[0, 7, 3, 1]]
    assert cells.distances(np.zeros((2, 32), np.float32)).tolist() == [[3.5] * 4] * 2
    half = floats([[0, 0, -1e4, -1e4] * 4])
    assert cells.distances(half).tolist() == [[0.5] * 4]


def test_a_box_reaches_from_its_place_as_far_as_its_distances_in_strides() -> None:
    boxes = cells.boxes(sides_of([[1, 2, 3, 4], [0, 0, 1, 7]]), floats([[16, 32], [0, 64]]), floats([8, 64]))
    assert boxes.tolist() == [[8, 16, 40, 64], [0, 64, 64, 512]]


def answers(hits: list[tuple[int, int, float]], classes: int = 3) -> Things:
    """What is found in a 192x192 picture whose boxes reach 2 strides to each side, with (cell, class, logit) set."""
    grid = cells.grid(192, 192)
    scores = np.full((len(grid), classes), -9, np.float32)
    for cell, kind, logit in hits:
        scores[cell, kind] = logit
    return cells.things(scores, sides_of(np.full((len(grid), 4), 2)), grid, 0.3)


@pytest.mark.parametrize(
    ("hits", "found", "why"),
    [
        ([], [], "an empty picture"),
        ([(0, 1, 2.0)], [(1, [-16, -16, 16, 16])], "boxes may reach beyond the edge"),
        ([(30, 0, 1.0), (31, 0, 2.0)], [(0, [40, -8, 72, 24]), (0, [32, -8, 64, 24])], "neighbours overlap by 0.6"),
        ([(30, 2, 1.0), (30, 0, 2.0)], [(0, [32, -8, 64, 24]), (2, [32, -8, 64, 24])], "two classes at one cell"),
        ([(5, 0, -1.0)], [], "a score of 0.27 is below 0.3"),
        ([(5, 0, float("nan"))], [], "no number is no score"),
    ],
)
def test_things_of_raw_answers(
    hits: list[tuple[int, int, float]], found: list[tuple[int, list[float]]], why: str
) -> None:
    things = answers(hits)
    assert [(int(kind), box.tolist()) for kind, box in zip(things.classes, things.boxes, strict=True)] == found, why
    assert things.boxes.dtype == things.scores.dtype == np.float32


def test_things_are_those_of_all_candidates_however_many_there_are() -> None:
    rng = np.random.default_rng(0)
    grid = cells.grid(192, 192)
    scores = floats(rng.normal(0, 1, (len(grid), 4)))
    sides = floats(rng.normal(0, 0.1, (len(grid), 32)))  # boxes of 3.5 strides to each side: few stay
    things = cells.things(scores, sides, grid, 0.01, overlap=0.1)
    boxes = cells.boxes(sides, grid.places, grid.strides)
    of, kinds = np.divmod(np.arange(scores.size), 4)
    kept = nms.suppress_by_key(boxes[of], scores.ravel(), kinds, 0.1, cells.MOST)
    assert scores.size > cells.FEW
    assert np.array_equal(things.boxes, boxes[of][kept])
    assert np.array_equal(things.classes, kinds[kept])
