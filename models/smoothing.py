"""The One-Euro filter: Casiez, Roussel and Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy
Input in Interactive Systems" (CHI 2012).

A low-pass filter whose cut-off rises with speed: what is still does not jitter, what is fast does not lag. Speeds are
measured in sizes of the thing per second, as MediaPipe's LandmarksSmoothingCalculator does, so that a face far away is
smoothed like one that is near.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEAST_STEP = 1e-4
"""Seconds: frames closer in time than this are taken as this far apart."""


def smoothing_factor(step: float, cutoff: Floats | np.float32) -> Floats:
    """How much of a new value counts, 0..1, after `step` seconds with a `cutoff` in Hz (equations 5 and 6)."""
    return np.asarray(1 / (1 + 1 / (2 * math.pi * step * cutoff)), np.float32)


class OneEuro:
    """Smooths an array that comes again and again in one shape, each element by itself.

    `least_cutoff` (Hz) rules a still thing: lower is steadier. `beta`: how fast the cut-off rises with speed (Hz for
    each size per second). `speed_cutoff` (Hz) smooths the speed itself.
    """

    def __init__(self, least_cutoff: float, beta: float, speed_cutoff: float = 1.0) -> None:
        self.least_cutoff = least_cutoff
        self.beta = beta
        self.speed_cutoff = speed_cutoff
        self._values: Floats | None = None
        self._raw: Floats | None = None
        self._speeds: Floats | None = None
        self._time = 0.0

    def reset(self) -> None:
        """Forget what was: the next values pass unchanged."""
        self._values = None
        self._speeds = None

    def __call__(self, values: Floats, time: float, size: float = 1.0) -> Floats:
        """The smoothed values at `time` (seconds); `size`: the thing's extent in the unit of the values.

        The first values, and any of another shape, pass unchanged. A time that does not rise counts as `LEAST_STEP`.
        """
        if self._values is None or self._raw is None or self._speeds is None or self._values.shape != values.shape:
            self._values, self._raw, self._speeds, self._time = values, values, np.zeros_like(values), time
            return values
        step = max(time - self._time, LEAST_STEP)
        speeds = (values - self._raw) * (1 / (max(size, 1e-6) * step))
        self._speeds = self._speeds + smoothing_factor(step, np.float32(self.speed_cutoff)) * (speeds - self._speeds)
        share = smoothing_factor(step, (self.least_cutoff + self.beta * np.abs(self._speeds)).astype(np.float32))
        self._values = np.asarray(self._values + share * (values - self._values), np.float32)
        self._raw, self._time = values, max(time, self._time)
        return self._values
