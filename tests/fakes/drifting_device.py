"""A sound card whose quartz is off: it clicks at every second of the true time, and hands blocks over a little late."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

START = 1000.0
"""Seconds of the true clock when the first sample is taken."""


def clicks(rate: int, off: float, seconds: int) -> Samples:
    """(1, n): what it hears, with a click of five samples at every whole second but the first; `off` as a part."""
    real = rate * (1.0 + off)
    heard = np.zeros((1, round(seconds * real)), np.float32)
    middles = np.round(np.arange(1, seconds) * real).astype(int)
    for step in range(-2, 3):
        heard[0, middles + step] = 1.0 - abs(step) / 3
    return heard


def blocks(
    heard: Samples,
    rate: int,
    off: float,
    *,
    length: int = 160,
    jitter: float = 0.005,
    lost: tuple[float, float] = (0, 0),
) -> Iterator[tuple[Samples, float]]:
    """Blocks and when they arrive: `jitter` seconds late in the middle, seldom many times as much.

    Those taken from `lost[0]` seconds on, for `lost[1]` seconds, never come.
    """
    real, late = rate * (1.0 + off), np.random.default_rng(0)
    for begin in range(0, heard.shape[1] - length, length):
        delay = late.exponential(jitter)
        if not lost[0] <= begin / real < sum(lost):
            yield heard[:, begin : begin + length], START + (begin + length) / real + delay


def clicked(given: Samples, rate: int, begin: float) -> NDArray[np.float64]:
    """The true seconds at which clicks are heard in what was given, whose first sample is of the moment `begin`."""
    loud = np.flatnonzero(given[0] > 0.4)
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > 20) + 1)
    places = [np.average(group, weights=given[0, group]) for group in groups if len(group)]
    return begin - START + np.array(places) / rate
