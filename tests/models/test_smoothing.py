"""One-Euro: still things are steady, fast things are not late."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.smoothing import OneEuro, smoothing_factor

Numbers = NDArray[np.floating]


def filtered(values: Numbers, times: Numbers, size: float = 100.0) -> Numbers:
    smooth = OneEuro(0.05, 80.0)
    pairs = zip(values, times, strict=True)
    return np.array([smooth(np.array([value], np.float32), float(time), size)[0] for value, time in pairs])


def test_the_first_value_passes_unchanged_and_so_does_one_after_a_reset() -> None:
    smooth = OneEuro(0.05, 80.0)
    assert smooth(np.array([5.0], np.float32), 0.0)[0] == 5
    smooth.reset()
    assert smooth(np.array([900.0], np.float32), 0.1)[0] == 900


def test_a_still_thing_stays_exactly_still() -> None:
    assert (filtered(np.full(50, 321.5), np.arange(50) / 30) == 321.5).all()


def test_jitter_of_a_still_thing_is_halved_at_least() -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, 300)
    smooth = filtered(100 + noise, np.arange(300) / 30)
    assert np.abs(np.diff(smooth[30:])).mean() < np.abs(np.diff(noise[30:])).mean() / 2


def test_a_fast_thing_is_followed_within_a_twentieth_of_its_size() -> None:
    times = np.arange(60) / 30
    places = 200 * times  # two sizes in a second
    assert np.abs(filtered(places, times)[5:] - places[5:]).max() < 5


def test_smoothing_depends_on_time_not_on_the_number_of_frames() -> None:
    slow, fast = np.arange(31) / 30, np.arange(61) / 60
    assert filtered(50 * slow, slow)[-1] == pytest.approx(filtered(50 * fast, fast)[-1], abs=1.0)


def test_a_thing_twice_as_large_is_smoothed_alike() -> None:
    times = np.arange(40) / 30
    places = 30 * np.sin(times * 4)
    assert np.allclose(filtered(places, times) * 2, filtered(places * 2, times, 200.0), atol=1e-3)


@pytest.mark.parametrize("second", [1.0, 0.5])
def test_a_time_that_stands_still_or_runs_back_breaks_nothing(second: float) -> None:
    smooth = OneEuro(0.05, 80.0)
    smooth(np.array([1.0], np.float32), 1.0)
    assert np.isfinite(smooth(np.array([2.0], np.float32), second)).all()


def test_the_factor_of_a_long_step_is_nearly_one() -> None:
    assert smoothing_factor(10.0, np.float32(100.0)) > 0.999
