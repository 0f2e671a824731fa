"""The measures of the comparison beside MediaPipe give what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from landmark_metrics import (
    COCO_AS_BLAZEPOSE,
    LSP_AS_BLAZEPOSE,
    LSP_LIMBS,
    agreement,
    boxes_agree,
    centre_of,
    fitted_nme,
    keypoint_similarity,
    long_lived,
    nearest,
    pck_hits,
    share_at,
    switches,
)
from numpy.typing import NDArray
from scenes import body

from models.scene import Body, Scene

Floats = NDArray[np.float32]


def standing(visible: float = 1.0) -> Floats:
    """(14, 3) joints of LSP, left shoulder and right hip 100 pixels apart."""
    joints = np.zeros((14, 3), np.float32)
    joints[:, :2] = np.arange(28).reshape(14, 2)
    joints[9, :2], joints[2, :2] = (0, 0), (60, 80)
    joints[:, 2] = visible
    return joints


def as_found(joints: Floats) -> Floats:
    """The same joints in BlazePose's order of 33, everything else far away."""
    found = np.full((33, 4), 9999, np.float32)
    found[list(LSP_AS_BLAZEPOSE), :2] = joints[list(LSP_LIMBS), :2]
    found[:, 3] = 1
    return found


def test_joints_count_within_a_fifth_of_the_torso_and_not_beyond() -> None:
    joints = standing()
    found = as_found(joints)
    found[28, 0] += 19.9
    found[26, 0] += 20.1
    hits = pck_hits(joints, found)
    assert hits.tolist() == [True, False] + [True] * 10


def test_where_nobody_is_found_all_joints_are_wrong_and_unmarked_ones_never_count() -> None:
    joints = standing()
    joints[0, 2] = 0
    assert pck_hits(joints, None).tolist() == [False] * 11
    joints[9, 2] = 0  # without the torso there is no measure
    assert len(pck_hits(joints, as_found(joints))) == 0


def test_of_several_bodies_the_nearest_to_the_marked_middle_counts() -> None:
    near, far = np.full((33, 4), 10, np.float32), np.full((33, 4), 50, np.float32)
    assert nearest([far, near], np.array([12, 12], np.float32)) is near
    assert nearest([], np.zeros(2, np.float32)) is None
    assert centre_of(np.array([[0, 0, 1], [4, 2, 1], [99, 99, 0]], np.float32)).tolist() == [2, 1]


def test_a_fitted_mapping_finds_the_mesh_point_of_each_marked_point() -> None:
    random = np.random.default_rng(0)
    mesh = random.uniform(0, 100, (5, 90, 3)).astype(np.float32)
    order = random.permutation(90)[:68]
    points = mesh[:, order, :2]
    error, mapping = fitted_nme(points, mesh)
    assert error == pytest.approx(0, abs=1e-6)
    assert mapping.tolist() == order.tolist()
    shifted = points + np.array([1, 0], np.float32)
    eyes = np.linalg.norm(points[:, 36] - points[:, 45], axis=1)
    assert fitted_nme(shifted, mesh)[0] <= float((1 / eyes).mean()) + 1e-6


def test_keypoint_similarity_is_one_on_the_spot_and_falls_as_coco_says() -> None:
    keypoints = np.ones((17, 3), np.float32)
    found = np.zeros((33, 4), np.float32)
    found[list(COCO_AS_BLAZEPOSE), :2] = 1
    assert keypoint_similarity(keypoints, 400, found) == 1
    assert keypoint_similarity(keypoints, 400, None) == 0
    keypoints[1:, 2] = 0
    found[0, 0] += 2 * 0.026 * np.sqrt(400)  # the nose, by one of COCO's own scales: e to the power of -1/2
    assert keypoint_similarity(keypoints, 400, found) == pytest.approx(np.exp(-0.5), rel=1e-5)
    assert share_at(np.array([0.2, 0.5, 0.9], np.float32), 0.5) == pytest.approx(2 / 3)


def test_agreement_is_the_mean_distance_in_lengths_of_their_own_and_of_the_same_thing_only() -> None:
    theirs = np.zeros((33, 4), np.float32)
    theirs[:, 3] = 1
    theirs[24, :2] = (0, 100)
    ours, other = theirs.copy(), theirs + 500
    ours[:, 0] += 3
    assert agreement(theirs, [other, ours], (11, 24)) == pytest.approx(0.03)
    assert agreement(theirs, [other], (11, 24)) is None
    assert agreement(theirs, [], (11, 24)) is None
    theirs[5, 3] = 0.2  # hardly visible to them: not counted
    ours[5, 0] += 400
    assert agreement(theirs, [ours], (11, 24)) == pytest.approx(0.03)


def test_boxes_are_those_of_visible_joints() -> None:
    points = np.zeros((33, 4), np.float32)
    points[0] = (0, 0, 0, 1)
    points[1] = (10, 20, 0, 1)
    points[2] = (500, 500, 0, 0.1)
    assert boxes_agree(points, np.array([0, 0, 10, 20], np.float32))
    assert not boxes_agree(points, np.array([0, 0, 100, 200], np.float32))
    points[:, 3] = 0
    assert not boxes_agree(points, np.array([0, 0, 10, 20], np.float32))


def at(track: int, x: float) -> Body:
    return body(track=track, x=x)


def test_a_number_that_moves_to_another_body_is_a_switch_and_a_newcomer_is_not() -> None:
    quiet = [Scene(bodies=(at(1, 0), at(2, 1000)))] * 2
    assert switches(quiet) == 0
    changed = [quiet[0], Scene(bodies=(at(2, 0), at(1, 1000)))]
    assert switches(changed) == 2
    assert switches([quiet[0], Scene(bodies=(at(1, 0), at(2, 1000), at(3, 2000)))]) == 0


def test_long_lived_are_those_seen_in_their_share_of_the_scenes() -> None:
    scenes = [Scene(bodies=(at(1, 0),))] * 3 + [Scene(bodies=(at(2, 0),))] + [Scene()] * 4
    assert long_lived(scenes, 0.25) == 1
    assert long_lived(scenes, 0.125) == 2
