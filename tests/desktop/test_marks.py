"""Marks say what is to be drawn: as data, in colours everybody tells apart, nothing that is not visible."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scenes import body, face, scene, thing

from desktop.drawing import connections
from desktop.drawing.class_colours import class_colour
from desktop.drawing.connections import BODY, EYES, FACE, LEFT_JOINTS, LIPS, OVAL, RIGHT_JOINTS
from desktop.drawing.labels import place
from desktop.drawing.marks import (
    LEFT_COLOUR,
    NOTHING,
    RIGHT_COLOUR,
    TRACK_COLOURS,
    Colour,
    Marks,
    colour_of,
    marks_of,
    text_on,
    unit_of,
)
from desktop.drawing.tessellation import TESSELLATION
from models.scene import EMPTY, Body, Detection, Face, Scene


def edge_set(edges: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> set[tuple[int, int]]:
    return {(min(a, b), max(a, b)) for a, b in edges.tolist()}


def test_the_connections_are_whole_and_name_no_edge_twice() -> None:
    assert len(edge_set(FACE)) == len(FACE) == 124
    assert len(edge_set(BODY)) == len(BODY) == 35
    assert len(edge_set(TESSELLATION)) == len(TESSELLATION) == 1322
    assert FACE.max() < 468
    assert set(TESSELLATION.ravel().tolist()) == set(range(468))
    assert set(BODY.ravel().tolist()) == set(range(33))
    assert edge_set(FACE) - edge_set(TESSELLATION) == set()


@pytest.mark.parametrize("closed", [LIPS, EYES, OVAL])
def test_outlines_are_closed(closed: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> None:
    assert set(np.bincount(closed.ravel()).tolist()) == {0, 2}


def test_no_edge_of_a_side_reaches_the_other_side() -> None:
    left, right = set(LEFT_JOINTS.tolist()), set(RIGHT_JOINTS.tolist())
    assert left | right | {0} == set(range(33))
    assert not left & right
    for edges, other in (
        (connections.BODY_LEFT, right),
        (connections.HEAD_LEFT, right),
        (connections.BODY_RIGHT, left),
        (connections.HEAD_RIGHT, left),
    ):
        assert not set(edges.ravel().tolist()) & other


def test_a_face_is_contours_and_all_its_points() -> None:
    marks = marks_of(Scene(faces=(face(),)))
    assert [len(lines.ends) for lines in marks.lines] == [124]
    assert [len(points.centres) for points in marks.points] == [468]
    assert np.array_equal(marks.points[0].centres, face().points[:, :2])
    assert [label.text for label in marks.labels] == ["face 1"]


def test_the_triangles_of_a_face_are_drawn_when_wanted() -> None:
    marks = marks_of(Scene(faces=(face(),)), tessellation=True)
    assert [len(lines.ends) for lines in marks.lines] == [1322, 124]
    assert marks.lines[0].opacity < marks.lines[1].opacity


def test_a_body_is_all_joints_and_edges_with_its_sides_in_their_colours() -> None:
    marks = marks_of(Scene(bodies=(body(),)))
    assert sum(len(lines.ends) for lines in marks.lines) == 35
    assert sum(len(points.centres) for points in marks.points) == 33
    left = np.concatenate([points.centres for points in marks.points if points.colour == LEFT_COLOUR])
    assert sorted(left.tolist()) == sorted(body().points[LEFT_JOINTS, :2].tolist())
    right = np.concatenate([points.centres for points in marks.points if points.colour == RIGHT_COLOUR])
    assert sorted(right.tolist()) == sorted(body().points[RIGHT_JOINTS, :2].tolist())


@pytest.mark.parametrize(
    ("visibility", "joints", "faded"),
    [
        (0.0, 0, False),
        (0.49, 0, False),
        (0.51, 33, True),
        (0.69, 33, True),
        (0.71, 33, False),
    ],
)
def test_joints_fade_and_vanish_with_their_visibility(visibility: float, joints: int, faded: bool) -> None:
    marks = marks_of(Scene(bodies=(body(visibility=visibility),)))
    assert sum(len(points.centres) for points in marks.points) == joints
    opacities = [lines.opacity for lines in marks.lines] + [points.opacity for points in marks.points]
    assert all((opacity < 1.0) == faded for opacity in opacities)


def test_an_edge_needs_both_its_joints() -> None:
    points = body().points.copy()
    points[13, 3] = 0.1  # the left elbow
    marks = marks_of(Scene(bodies=(Body(body().box, 0.9, points, body().world, 1),)))
    assert sum(len(lines.ends) for lines in marks.lines) == 33
    assert sum(len(dots.centres) for dots in marks.points) == 32


def test_under_a_meshed_face_the_head_keeps_its_joints_and_loses_its_lines() -> None:
    person = body(110.0, 90.0)
    marks = marks_of(Scene(faces=(face(),), bodies=(person,)))
    assert sum(len(lines.ends) for lines in marks.lines) == 124 + 35 - 9
    assert sum(len(points.centres) for points in marks.points) == 468 + 33


def test_a_head_without_a_mesh_is_drawn_no_thicker_than_its_own_size_allows() -> None:
    # A whole person of 400 pixels whose head is 20 wide: lines as thick as the limbs' would hide the face.
    points = body().points.copy()
    points[:11, :2] = [[100 + 2 * joint, 60 + joint % 3] for joint in range(11)]
    points[27:, 1] = 460
    marks = marks_of(Scene(bodies=(Body(body().box, 0.9, points, body().world, 1),)))
    head = [lines for lines in marks.lines if lines.ends[:, 1::2].max() < 70]
    assert head
    assert max(lines.most for lines in head) < 2 < min(lines.most for lines in marks.lines if lines not in head)
    dots = [group for group in marks.points if group.centres[:, 1].max() < 70]
    assert max(group.most for group in dots) <= 1 < max(group.most for group in marks.points)


def test_a_bodys_label_is_over_its_head_and_over_its_box_where_no_head_is_seen() -> None:
    points = body().points.copy()
    points[:11, :2] = [[300 + 4 * joint, 100.0] for joint in range(11)]
    (label,) = marks_of(Scene(bodies=(Body(body().box, 0.9, points, body().world, 1),))).labels
    assert label.at == (300.0, 70.0)
    points[:11, 3] = 0.1
    (label,) = marks_of(Scene(bodies=(Body(body().box, 0.9, points, body().world, 1),))).labels
    assert label.at == tuple(body().box[:2].tolist())


def test_an_object_is_a_box_and_a_label_with_track_and_score() -> None:
    marks = marks_of(Scene((thing("Straßenhund", track=4),)))
    assert marks.boxes[0].corners.tolist() == [thing().box.tolist()]
    assert [label.text for label in marks.labels] == ["Straßenhund 4  91%"]
    assert marks.labels[0].colour == marks.boxes[0].colour == class_colour("Straßenhund")


def test_things_that_are_not_followed_have_no_number() -> None:
    untracked = Scene((thing(track=0),), (face(track=0),), (body(track=0),))
    assert [label.text for label in marks_of(untracked).labels] == ["face", "body", "dog  91%"]


def test_labels_can_be_left_out() -> None:
    assert marks_of(scene(), labels=False).labels == ()


def test_held_marks_are_half_transparent_and_otherwise_the_same() -> None:
    own, held = marks_of(scene()), marks_of(scene(), held=True)
    assert (own.alpha, held.alpha) == (1.0, 0.5)
    assert [len(lines.ends) for lines in own.lines] == [len(lines.ends) for lines in held.lines]


def test_an_empty_scene_has_no_marks() -> None:
    assert not marks_of(EMPTY)
    assert not NOTHING
    assert marks_of(scene())


def test_a_face_without_stored_points_is_shown_by_its_box() -> None:
    bare = Face(face().box, 0.9, np.full((468, 3), np.nan, np.float32), 1)
    marks = marks_of(Scene(faces=(bare,)))
    assert sum(len(lines.ends) for lines in marks.lines) == 0
    assert marks.boxes[0].corners.tolist() == [face().box.tolist()]


def test_what_is_not_finite_is_not_drawn() -> None:
    points = face().points.copy()
    points[10] = np.nan
    box = np.array([np.nan, 0.0, np.inf, 1.0], np.float32)
    marks = marks_of(Scene((Detection(box, 0.5, "dog", 1),), (Face(box, 0.5, points, 1),)))
    assert marks.boxes == ()
    assert marks.labels == ()
    assert len(marks.points[0].centres) == 467
    assert all(np.isfinite(lines.ends).all() for lines in marks.lines)


def test_a_tracks_colour_never_changes_and_neighbours_differ() -> None:
    assert all(colour_of(track) == colour_of(track) for track in range(50))
    assert all(colour_of(track) != colour_of(track + 1) for track in range(1, 50))


# Viénot, Brettel and Mollon 1999: how dichromats see linear RGB.
DICHROMATS = {
    "protanope": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deuteranope": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
}


@pytest.mark.parametrize("vision", list(DICHROMATS))
def test_left_and_right_and_the_tracks_differ_for_colour_blind_eyes(vision: str) -> None:
    def seen(colour: Colour) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        linear = (np.array(colour) / 255.0) ** 2.2
        return 255.0 * np.clip(np.array(DICHROMATS[vision]) @ linear, 0.0, 1.0) ** (1 / 2.2)

    assert np.linalg.norm(seen(LEFT_COLOUR) - seen(RIGHT_COLOUR)) > 100
    for one, other in combinations(TRACK_COLOURS, 2):
        assert np.linalg.norm(seen(one) - seen(other)) > 25, (one, other)


@pytest.mark.parametrize("colour", TRACK_COLOURS)
def test_labels_contrast_with_their_plate(colour: Colour) -> None:
    def luminance(rgb: Colour) -> float:
        red, green, blue = ((c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(colour), luminance(text_on(colour))))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5  # WCAG AA


def test_units_grow_with_the_picture_and_do_not_depend_on_its_orientation() -> None:
    assert unit_of((640, 480)) == 1.0
    assert unit_of((1280, 720)) == pytest.approx(1.5)
    assert unit_of((720, 1280)) == unit_of((1280, 720))
    assert unit_of((3840, 2160)) == pytest.approx(4.5)
    assert unit_of((1, 1)) == unit_of((320, 240)) == 0.75


def test_marks_are_the_same_for_the_same_scene() -> None:
    def flat(marks: Marks) -> list[object]:
        return [lines.ends.tolist() for lines in marks.lines] + [points.centres.tolist() for points in marks.points]

    assert flat(marks_of(scene())) == flat(marks_of(scene()))


@pytest.mark.parametrize(
    ("plates", "expected"),
    [
        ([], []),
        ([(10, 10, 40, 20)], [(10, 10)]),
        ([(-5, -9, 40, 20)], [(0, 0)]),  # moved into the picture
        ([(90, 90, 40, 20)], [(60, 80)]),
        ([(10, 10, 40, 20), (12, 12, 40, 20)], [(10, 10), (12, 30)]),  # below the one before
        ([(10, 70, 40, 20), (10, 75, 40, 20)], [(10, 70), (10, 50)]),  # above: no room below
        ([(0, 0, 400, 400), (0, 0, 400, 400)], [(0, 0), (0, 0)]),  # no room at all
    ],
)
def test_labels_lie_in_the_picture_and_beside_one_another(
    plates: list[tuple[float, float, float, float]], expected: list[tuple[float, float]]
) -> None:
    assert place(plates, (100, 100)) == expected
