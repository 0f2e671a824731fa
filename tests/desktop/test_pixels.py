"""One video has one size: what is of another is placed into it, and its coordinates with it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import body, face, scene

from desktop.recordings.pixels import LARGEST, fit, i420, recorded_size

SIDES = st.integers(1, 5000)


@given(SIDES, SIDES, SIDES, SIDES)
def test_a_placed_picture_touches_two_sides_keeps_its_proportions_and_its_corners_follow(
    width: int, height: int, into_width: int, into_height: int
) -> None:
    placed = fit((width, height), (into_width, into_height))
    inner_width, inner_height = placed.inner
    assert placed.left >= 0
    assert placed.top >= 0
    assert inner_width == into_width or inner_height == into_height
    ratio = min(into_width / width, into_height / height)
    assert abs(inner_width - max(1.0, width * ratio)) <= 0.5 + 1e-6
    assert abs(inner_height - max(1.0, height * ratio)) <= 0.5 + 1e-6
    corners = placed.points(np.array([[0, 0], [width, height]], np.float32))
    expected = [[placed.left, placed.top], [placed.left + inner_width, placed.top + inner_height]]
    assert np.abs(corners - expected).max() <= 0.01


def test_the_same_size_changes_nothing() -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    same = fit((64, 48), (64, 48))
    assert same.pixels(picture) is picture
    there = scene()
    assert same.scene(there) is there


def test_depth_scales_with_the_width_and_visibility_and_metres_stay() -> None:
    placed = fit((200, 100), (100, 100)).scene(scene())
    assert np.allclose(placed.faces[0].points[:, 2], face().points[:, 2] / 2)
    assert np.allclose(placed.bodies[0].points[:, 3], body().points[:, 3])
    assert np.allclose(placed.bodies[0].world, body().world)
    assert placed.objects[0].track == scene().objects[0].track


@pytest.mark.parametrize(
    ("size", "recorded"),
    [
        ((1, 1), (1, 1)),
        ((7680, 4320), (7680, 4320)),
        ((LARGEST, 2), (LARGEST, 2)),
        ((2 * LARGEST, 1000), (LARGEST, 500)),
        ((3, 4 * LARGEST), (1, LARGEST)),
    ],
)
def test_sides_longer_than_the_encoder_takes_are_scaled(size: tuple[int, int], recorded: tuple[int, int]) -> None:
    assert recorded_size(size) == recorded


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (5, 4), (4, 5), (17, 401)])
def test_i420_has_even_sides_and_repeats_the_last_row_and_column(size: tuple[int, int]) -> None:
    width, height = size
    even_width, even_height = width + width % 2, height + height % 2
    picture = np.full((height, width, 3), (30, 90, 210), np.uint8)
    planes = i420(picture)
    assert planes.shape == (even_height * 3 // 2, even_width)
    luma = planes[:even_height]
    assert (luma == luma[0, 0]).all()
