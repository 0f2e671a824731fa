"""Sound of a device whose clock is off stays where its time is, for as long as it goes on."""

from __future__ import annotations

import numpy as np
import pytest
from drifting_device import START, Samples, blocks, clicked, clicks

from desktop.recordings.drift import Drift

RATE = 4000
MINUTES = 10


def put_all(drift: Drift, heard: Samples, off: float, **what: object) -> Samples:
    return np.concatenate([drift.put(*one) for one in blocks(heard, RATE, off, **what)], axis=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("off", [200e-6, -200e-6])
def test_after_ten_minutes_at_200_ppm_every_second_is_heard_within_40_ms_of_its_time(off: float) -> None:
    seconds = 60 * MINUTES
    heard, drift = clicks(RATE, off, seconds), Drift(RATE, 1)
    given = put_all(drift, heard, off)
    errors = clicked(given, RATE, drift.begin)[: seconds - 2] - np.arange(1, seconds - 1)
    assert np.abs(errors).max() < 0.020
    assert np.ptp(errors[60:]) < 0.005, "it stays where it is"
    assert drift.off == pytest.approx(off, abs=50e-6)
    assert given.shape[1] == drift.given
    untouched = clicked(heard, RATE, START)[: seconds - 2] - np.arange(1, seconds - 1)
    assert np.abs(untouched).max() > 0.1, "left alone it would be off by more than is allowed"


def test_after_sound_was_lost_the_rest_is_where_its_time_is() -> None:
    heard, drift = clicks(RATE, 0.0, 40), Drift(RATE, 1)
    given = put_all(drift, heard, 0.0, lost=(20.2, 2.5))
    told = clicked(given, RATE, drift.begin)
    for second in [*range(1, 20), *range(24, 39)]:
        assert np.abs(told - second).min() < 0.020
    assert drift.off == pytest.approx(0.0, abs=100e-6), "what is lost is no clock that is off"


def test_blocks_that_come_late_at_once_lose_and_add_nothing() -> None:
    heard, drift = clicks(RATE, 0.0, 30), Drift(RATE, 1)
    given = []
    for block, arrived in blocks(heard, RATE, 0.0):
        hung = 10.0 <= arrived - START < 10.7
        given.append(drift.put(block, START + 10.7 if hung else arrived))
    whole = np.concatenate(given, axis=1)
    assert whole.shape[1] == pytest.approx(heard.shape[1] - 160, abs=4)
    assert np.abs(clicked(whole, RATE, drift.begin)[:28] - np.arange(1, 29)).max() < 0.040


def test_a_first_block_that_came_late_is_forgotten() -> None:
    heard, drift = clicks(RATE, 0.0, 20), Drift(RATE, 1)
    given = []
    for number, (block, arrived) in enumerate(blocks(heard, RATE, 0.0)):
        given.append(drift.put(block, arrived + (0.4 if not number else 0.0)))
    told = clicked(np.concatenate(given, axis=1), RATE, drift.begin)
    for second in range(3, 19):
        assert np.abs(told - second).min() < 0.020


def test_a_tone_stays_clear() -> None:
    """What is interpolated differs from the tone itself by less than a hundredth of it."""
    off, rate, tone = 200e-6, 48000, 440.0
    real = rate * (1 + off)
    heard = np.sin(2 * np.pi * tone * np.arange(4 * rate) / real)[None].astype(np.float32)
    drift = Drift(rate, 1)
    parts = [
        drift.put(heard[:, at : at + 480], START + (at + 480) / real) for at in range(0, heard.shape[1] - 480, 480)
    ]
    given = np.concatenate(parts, axis=1)[0, rate:]
    moments = np.arange(len(given)) / rate
    basis = np.stack([np.sin(2 * np.pi * tone * moments), np.cos(2 * np.pi * tone * moments)], 1)
    for begin in range(0, len(given), 2400):
        here = np.s_[begin : begin + 2400]
        fitted = basis[here] @ np.linalg.lstsq(basis[here], given[here], rcond=None)[0]
        assert np.abs(given[here] - fitted).max() < 0.01


def test_channels_stay_together_and_an_empty_block_changes_nothing() -> None:
    drift = Drift(RATE, 2)
    noise = np.random.default_rng(1).normal(size=(1, 800)).astype(np.float32)
    both = np.concatenate([noise, -noise])
    first = drift.put(both[:, :400], 10.0)
    assert drift.put(both[:, :0], 10.0).shape == (2, 0)
    second = drift.put(both[:, 400:], 10.1)
    given = np.concatenate([first, second], axis=1)
    assert np.allclose(given[0], -given[1])
    assert given.shape[1] == pytest.approx(800, abs=4)
