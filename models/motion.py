"""Where boxes will be: a Kalman filter with constant speed, for many boxes at once and for steps of any length.

Each of a box's centre x and y, width and height is filtered by itself (Kalman, "A New Approach to Linear Filtering and
Prediction Problems", 1960). Between two looks its acceleration is white noise, so the doubt about its speed grows with
the measured time and not with the number of frames (Bar-Shalom, Li and Kirubarajan, "Estimation with Applications to
Tracking and Navigation", 2001, section 6.2.2, equation 6.2.2-4). All noise is measured in sizes of the thing, as in
SORT and ByteTrack; the four have the same noise, hence one covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SEEN_TO = 0.08
"""Standard deviation of a detector's box, in sizes of the thing, half-covered ones among them (ByteTrack: a twentieth
of its height)."""

RESTLESSNESS = 1.0
"""How much a speed changes in a second, in sizes of the thing per second (ByteTrack's, at 30 frames a second)."""

FIRST_SPEED = 2.0
"""Standard deviation of the speed of what has just appeared, in sizes of the thing per second."""

COASTING = 0.5
"""Seconds in which the speed of what is not seen falls to a third: it may have stopped."""


@dataclass(slots=True, eq=False)
class Motion:
    """N boxes in motion: `places` (N, 4) centre x, y, width, height in pixels, `speeds` (N, 4) of these in pixels per
    second, `spread` (N, 3) variance of a place, covariance of place and speed, variance of a speed."""

    places: Floats
    speeds: Floats
    spread: Floats

    @classmethod
    def of(cls, boxes: Floats) -> Motion:
        """Of boxes (N, 4) x1, y1, x2, y2 seen for the first time."""
        places = _places(boxes)
        spread = np.zeros((len(boxes), 3), np.float32)
        sizes = _sizes(places)
        spread[:, 0] = (SEEN_TO * sizes) ** 2
        spread[:, 2] = (FIRST_SPEED * sizes) ** 2
        return cls(places, np.zeros_like(places), spread)

    @property
    def boxes(self) -> Floats:
        """(N, 4) x1, y1, x2, y2: where they are."""
        half = np.maximum(self.places[:, 2:], 1) / 2
        return np.concatenate([self.places[:, :2] - half, self.places[:, :2] + half], axis=1)

    @property
    def sizes(self) -> Floats:
        """(N,) pixels: the side of a square as large as the box."""
        return _sizes(self.places)

    def pick(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Motion:
        """Some of them."""
        return Motion(self.places[which], self.speeds[which], self.spread[which])

    def joined(self, other: Motion) -> Motion:
        """These, then the others."""
        return Motion(
            np.concatenate([self.places, other.places]),
            np.concatenate([self.speeds, other.speeds]),
            np.concatenate([self.spread, other.spread]),
        )

    def go_on(self, step: float, lost: NDArray[np.bool_]) -> None:
        """Move all by `step` seconds; those that are `lost` (N,) slow down, and keep their size."""
        if step <= 0:
            return
        self.speeds[lost] *= np.float32(np.exp(-step / COASTING))
        self.speeds[lost, 2:] = 0
        self.places += self.speeds * np.float32(step)
        place, both, speed = self.spread.T
        noise = (RESTLESSNESS * self.sizes) ** 2
        place += 2 * step * both + step**2 * speed + noise * (step**3 / 3)
        both += step * speed + noise * (step**2 / 2)
        speed += noise * step

    def see(self, which: NDArray[np.intp], boxes: Floats) -> None:
        """The boxes (M, 4) x1, y1, x2, y2 of those at `which` (M,) were seen now."""
        place, both, speed = self.spread[which].T
        seen = place + (SEEN_TO * _sizes(self.places[which])) ** 2
        gain, swing = place / seen, both / seen
        away = _places(boxes) - self.places[which]
        self.places[which] += gain[:, None] * away
        self.speeds[which] += swing[:, None] * away
        self.spread[which] = np.stack([(1 - gain) * place, (1 - gain) * both, speed - swing * both], axis=1)


def _places(boxes: Floats) -> Floats:
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1).astype(np.float32)


def _sizes(places: Floats) -> Floats:
    sides = np.maximum(places[:, 2:], 1)
    return np.asarray(np.sqrt(sides[:, 0] * sides[:, 1]), np.float32)
