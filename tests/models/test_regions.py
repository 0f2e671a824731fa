"""Regions: what is cut out comes back to where it was."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import regions
from models.regions import Region

SOMEWHERE = st.builds(
    Region,
    st.floats(-500, 2000),
    st.floats(-500, 2000),
    st.floats(2, 1500),
    st.floats(2, 1500),
    st.floats(-math.pi, math.pi),
)


@given(SOMEWHERE, st.sampled_from([(192, 192), (256, 256), (64, 128)]))
def test_points_go_to_a_crop_and_back(region: Region, size: tuple[int, int]) -> None:
    points = np.random.default_rng(0).uniform(-100, 1500, (20, 2)).astype(np.float32)
    back = regions.project(regions.locate(points, region, size), region, size)
    assert np.abs(back - points).max() < 0.5


@given(SOMEWHERE)
def test_the_middle_of_a_crop_is_the_middle_of_its_region(region: Region) -> None:
    middle = regions.project(np.array([[96, 96]], np.float32), region, (192, 192))
    assert np.allclose(middle, [[region.x, region.y]], atol=1e-2)


@pytest.mark.parametrize("angle", [0.0, 0.4, -1.3, math.pi / 2, math.pi])
def test_a_crop_shows_each_place_where_points_are_projected_from(angle: float) -> None:
    pixels = np.zeros((200, 300, 3), np.uint8)
    pixels[80:83, 140:143] = 255  # a dot around (141, 81)
    region = Region(150, 90, 100, 100, angle)
    shown = regions.crop(pixels, region, (200, 200))[..., 0]
    rows, columns = np.nonzero(shown > 128)
    dot = regions.project(np.array([[columns.mean(), rows.mean()]], np.float32), region, (200, 200))
    assert np.allclose(dot, [[141, 81]], atol=0.5)


def test_an_upright_crop_of_a_whole_picture_is_the_picture() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    assert (regions.crop(pixels, regions.region_of_picture(64, 64), (64, 64)) == pixels).all()


@pytest.mark.parametrize(("black", "border"), [(True, 0), (False, 200)])
def test_beyond_the_picture_is_black_for_detectors_and_its_edge_for_landmark_networks(black: bool, border: int) -> None:
    pixels = np.full((20, 40, 3), 200, np.uint8)
    shown = regions.crop(pixels, regions.region_of_picture(40, 20), (40, 40), black=black)
    assert shown[0, 0].tolist() == [border] * 3
    assert shown[20, 20].tolist() == [200] * 3


def test_a_body_region_stands_on_the_hips_and_its_up_is_the_direction_of_the_second_point() -> None:
    region = regions.region_from_axis(np.array([50, 60]), np.array([50, 20]), 1.25)
    assert (region.x, region.y, region.width, region.height) == (50, 60, 100, 100)
    assert region.angle == pytest.approx(0)
    lying = regions.region_from_axis(np.array([50, 60]), np.array([90, 60]), 1.25)
    assert lying.angle == pytest.approx(math.pi / 2)
    top = regions.project(np.array([[128, 0]], np.float32), lying, (256, 256))
    assert np.allclose(top, [[100, 60]], atol=1e-3)  # the crop's upper edge lies to the right


def test_a_face_region_holds_the_box_one_and_a_half_times_with_level_eyes() -> None:
    box = np.array([10, 20, 30, 50], np.float32)
    region = regions.region_from_box(box, np.array([0, 0]), np.array([10, 10]), 1.5)
    assert (region.x, region.y, region.width, region.height) == (20, 35, 45, 45)
    assert region.angle == pytest.approx(math.pi / 4)


@given(st.floats(-50, 50))
def test_an_angle_is_brought_within_a_turn(angle: float) -> None:
    normal = regions.normal_angle(angle)
    assert -math.pi <= normal <= math.pi
    assert math.cos(normal) == pytest.approx(math.cos(angle), abs=1e-6)
    assert math.sin(normal) == pytest.approx(math.sin(angle), abs=1e-6)


@pytest.mark.parametrize(
    "region", [Region(0, 0, 0, 10), Region(math.nan, 0, 5, 5), Region(0, 0, math.inf, 5), Region(0, 0, -3, 5)]
)
def test_a_region_of_nothing_is_not_sound(region: Region) -> None:
    assert not region.sound


def test_a_picture_longer_than_opencv_can_warp_is_cut_all_the_same() -> None:
    pixels = np.zeros((3, 40_000, 3), np.uint8)
    pixels[:, 38_000:38_010] = 255
    near = regions.crop(pixels, Region(38_005, 1, 20, 20), (20, 20))
    assert near[10, 10].tolist() == [255] * 3
    whole = regions.crop(pixels, regions.region_of_picture(40_000, 3), (192, 192), black=True)
    assert whole.shape == (192, 192, 3)
