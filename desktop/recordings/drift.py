"""Sound of a device whose clock is not ours, brought onto ours: every sample where its time is, however long it lasts.

A sound card that counts 48,000 samples a second by its own quartz is 12 ms off after a minute at 200 parts in a
million. When each block arrived says how fast it really runs, under jitter: a delay-locked loop finds it (Adriaensen,
"Using a DLL to filter time", 2005), and the samples are interpolated at the times of our clock (four points, Catmull
and Rom, "A class of local interpolating splines", 1974).
"""

from __future__ import annotations

import math
from statistics import median

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SLOWEST, FASTEST = 0.02, 1.0
"""Hertz: how fast the loop follows, once it has settled and at the beginning."""

FARTHEST = 2e-3
"""By how much a clock may be off, as a part of it; more is no clock that is off, but samples that were lost."""

LOST = 0.08
"""Seconds by which every block of the last `WATCHED` seconds was late where sound was lost before them, or early where
the first of all came late. A single one that is so late says nothing: somebody hung.
"""

WATCHED = 1.0

_HISTORY = 5  # samples before a block that are needed to interpolate in it


class Drift:
    """Takes blocks of samples as they arrive, gives samples that are `1 / rate` of our seconds apart, without a break.

    `rate`: samples a second, as the device names it, and of what is given. Sample k that is given, counted from 0, is
    that of the moment `begin + k / rate` of our clock. Used by one thread.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._history: Samples = np.zeros((channels, _HISTORY), np.float32)
        self._each = 1.0 / rate  # our seconds from one sample to the next
        self._end = math.nan  # when the last block ended
        self._next = math.nan  # when the one in hand is thought to end
        self._heard = 0.0  # seconds of sound so far
        self._late: list[tuple[float, float]] = []  # end of a block, and by how much it was late
        self.begin = math.nan
        self.given = 0

    @property
    def off(self) -> float:
        """By how much the device is thought to be too fast, as a part: 200e-6 for 200 parts in a million."""
        return 1.0 / (self._each * self._rate) - 1.0

    def put(self, block: Samples, arrived: float) -> Samples:
        """A block (channels, n), whose last sample was taken at about `arrived` (seconds) or a little before.

        Gives (channels, m): what is whole then, two samples of delay; silence where sound was lost.
        """
        count = block.shape[1]
        if not count:
            return block
        if math.isnan(self._end):
            self.begin = self._end = arrived - count * self._each
            self._next = arrived
        span = self._follow(count, arrived)
        start, self._end = self._end, self._end + span
        silence = self._lost()
        return np.concatenate([silence, self._between(block, start, span)], axis=1)

    def _follow(self, count: int, arrived: float) -> float:
        """Our seconds that the block in hand lasts, by all that is known of the device's clock."""
        span = self._next - self._end
        length = count / self._rate
        error = arrived - self._next
        self._late.append((self._next, error))
        while self._late[0][0] < self._next - WATCHED:
            del self._late[0]
        self._heard += length
        omega = 2.0 * math.pi * min(FASTEST, max(SLOWEST, 0.5 / self._heard)) * length
        steady = error if abs(error) < LOST else 0.0
        self._each += min(omega, 0.5) ** 2 * steady / count
        slowest, fastest = (1.0 + FARTHEST) / self._rate, (1.0 - FARTHEST) / self._rate
        self._each = min(max(self._each, fastest), slowest)
        step = count * self._each + math.sqrt(2.0) * min(omega, 0.5) * steady
        self._next += max(step, 0.25 * length)
        return max(span, 0.25 * length)

    def _lost(self) -> Samples:
        """Silence for what was lost before, where every block was late by as much; times are set right."""
        nothing = np.zeros((self._history.shape[0], 0), np.float32)
        if self._late[-1][0] - self._late[0][0] < 0.8 * WATCHED:
            return nothing
        errors = [late for _, late in self._late]
        if min(errors) < LOST and max(errors) > -LOST:
            return nothing
        off = median(errors)
        self._end += off
        self._next += off
        self._late.clear()
        if off < 0.0:
            return nothing  # what follows is left out until its time has come
        silence = np.zeros((nothing.shape[0], round(off * self._rate)), np.float32)
        self.given += silence.shape[1]
        return silence

    def _between(self, block: Samples, start: float, span: float) -> Samples:
        """The samples of our clock within the block, which lasts from `start` for `span` of our seconds."""
        count = block.shape[1]
        known = np.concatenate([self._history, block], axis=1)
        self._history = known[:, -_HISTORY:]
        # Sample i of `known` was taken at start + (i - _HISTORY + 1) / count * span.
        first = self.begin + self.given / self._rate
        whole = start + (count - 2) / count * span  # two samples more are needed behind a place
        many = max(0, math.floor((whole - first) * self._rate) + 1)
        if not many:
            return np.zeros((known.shape[0], 0), np.float32)
        moments = first + np.arange(many) / self._rate
        places = (moments - start) / span * count + _HISTORY - 1
        places = np.clip(places, 1.0, known.shape[1] - 2.000001)
        self.given += many
        return _interpolated(known, places)


def _interpolated(samples: Samples, places: NDArray[np.float64]) -> Samples:
    """(C, N) samples at the places (M,), in 1..N-2 -> (C, M)."""
    at = places.astype(np.intp)
    t = (places - at).astype(np.float32)
    before, here, after, beyond = (samples[:, at + step] for step in (-1, 0, 1, 2))
    linear = after - before
    square = 2 * before - 5 * here + 4 * after - beyond
    cube = 3 * (here - after) + beyond - before
    return np.asarray(here + 0.5 * t * (linear + t * (square + t * cube)), np.float32)
