"""The clock that `benchmarks/age.py` paints into frames is read back from pictures of other sizes, or not at all."""

from __future__ import annotations

import barcode
import cv2
import numpy as np
import pytest

NOW = 7_000_000_000_000


@pytest.mark.parametrize("scale", [0.4, 0.63, 1.0, 1.7])
@pytest.mark.parametrize("ago", [0, 33_000_000, 2_000_000_000])
def test_a_time_is_read_back_from_a_screenshot_of_any_size(scale: float, ago: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
    barcode.paint(pixels, NOW - ago)
    seen = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), np.uint8)
    found = barcode.read(seen, NOW)
    assert found is not None
    assert 0 <= NOW - ago - found < barcode.TICK


def test_a_picture_without_a_bar_code_or_with_half_of_one_gives_no_time() -> None:
    pixels = np.full((720, 1280, 3), 90, np.uint8)
    barcode.paint(pixels, NOW)
    pixels[:, :320] = 200
    assert barcode.read(pixels, NOW) is None
