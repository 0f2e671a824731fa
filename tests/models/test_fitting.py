"""Stretch and letterbox: what is found in the network's input goes back to where it is in the picture."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import fitting
from models.fitting import Fit, Pixels

SIDES = st.integers(1, 5000)
SIZES = st.integers(6, 20).map(lambda multiple: 32 * multiple)
PICTURES = st.integers(16, 900)
WAYS = ("stretch", "letterbox", "letterbox in the corner")


def fitted(way: str, pixels: Pixels, height: int, width: int) -> tuple[Pixels, Fit]:
    if way == "stretch":
        return fitting.stretch(pixels, height, width)
    return fitting.letterbox(pixels, height, width, centred=way == "letterbox")


@pytest.mark.parametrize("way", WAYS)
@given(SIDES, SIDES, SIZES, SIZES)
@settings(max_examples=40, deadline=None)
def test_places_go_to_the_input_and_back(way: str, rows: int, columns: int, height: int, width: int) -> None:
    # A picture of one row or column at a time is enough for its size: only its shape is looked at here.
    _, fit = fitted(way, np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (rows, columns, 3)), height, width)
    places = np.random.default_rng(0).uniform(0, (columns, rows), (20, 2)).astype(np.float32)
    assert np.abs(fit.back(fit.forward(places)) - places).max() < 0.5
    boxes = np.concatenate([places, places + 9], 1)
    assert np.abs(fit.back(fit.forward(boxes)) - boxes).max() < 0.5
    inside = fit.forward(places)
    assert (inside >= -1e-3).all()
    assert (inside <= np.array([width, height]) + 1e-3).all()


@pytest.mark.parametrize("way", WAYS)
@given(PICTURES, PICTURES, SIZES, SIZES)
@settings(max_examples=25, deadline=None)
def test_each_pixel_of_the_input_shows_the_place_it_goes_back_to(
    way: str, rows: int, columns: int, height: int, width: int
) -> None:
    shows_its_places(way, rows, columns, height, width)


@pytest.mark.parametrize("size", [192, 256, 320, 416])
@pytest.mark.parametrize(("rows", "columns"), [(720, 1280), (1080, 1920), (900, 1601)])
def test_pixels_of_a_large_picture_that_is_halved_first_show_their_places_too(
    rows: int, columns: int, size: int
) -> None:
    shows_its_places("stretch", rows, columns, size, size)


def shows_its_places(way: str, rows: int, columns: int, height: int, width: int) -> None:
    # Each pixel says where it is, in floats: bytes could not.
    down, right = np.mgrid[:rows, :columns].astype(np.float32)
    says = np.stack([right + 0.5, down + 0.5, np.ones_like(right)], 2)
    shown, fit = fitted(way, cast("Pixels", says), height, width)
    y, x = np.mgrid[fit.top : fit.top + fit.inner_height, fit.left : fit.left + fit.inner_width]
    back = fit.back(np.stack([x + 0.5, y + 0.5], 2).astype(np.float32))
    seen = shown[y, x, :2].astype(np.float32)
    # Halfway to the picture's edge there is nothing to mix with: there the edge is shown.
    assert np.abs(seen - np.clip(back, 0.5, [columns - 0.5, rows - 0.5])).max() < 0.5


def test_a_letterbox_keeps_the_ratio_and_is_grey_around() -> None:
    shown, fit = fitting.letterbox(np.full((90, 160, 3), 250, np.uint8), 320, 320)
    assert fit == Fit(160, 90, 320, 180, 0, 70)
    assert (shown[:70] == fitting.GREY).all()
    assert (shown[70:250] == 250).all()
    assert (shown[250:] == fitting.GREY).all()
    assert fitting.letterbox(np.zeros((90, 160, 3), np.uint8), 320, 320, centred=False)[1].top == 0


def test_a_picture_of_the_right_size_is_as_it_was() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (192, 224, 3), np.uint8)
    for way in WAYS:
        shown, fit = fitted(way, pixels, 192, 224)
        assert np.array_equal(shown, pixels)
        assert fit == Fit(224, 192, 224, 192)


def test_a_fine_pattern_becomes_its_mean_where_a_picture_shrinks() -> None:
    stripes = np.zeros((600, 600, 3), np.uint8)
    stripes[:, ::2] = 200
    shown, _ = fitting.stretch(stripes, 200, 200)
    assert 60 <= shown.min() <= shown.max() <= 140


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(0, 10, 3), (10, 0, 3)])
def test_a_picture_without_pixels_is_refused(way: str, shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="shows nothing"):
        fitted(way, np.zeros(shape, np.uint8), 192, 192)
