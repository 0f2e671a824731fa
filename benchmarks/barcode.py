"""A clock as a bar code: painted into frames where they are made, read back from screenshots of the window.

Tenths of a millisecond of `time.perf_counter_ns`, 32 bits, and a check sum of 8, as two rows of black and white cells
in the lower left corner of the picture.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

TICK = 100_000
"""Nanoseconds of one step of the clock."""

ROWS, COLUMNS = 2, 20
BITS, CHECK_BITS = 32, 8
MULTIPLIER = 2_654_435_761  # Knuth, The Art of Computer Programming 3, 6.4: spreads the bits for the check sum
CELL = 1 / 40
"""Side of a cell in widths of the picture."""


def _check(value: int) -> int:
    return (value * MULTIPLIER % (1 << 32)) >> 24


def _cells(width: int, height: int) -> NDArray[np.float64]:
    """(40, 2) the middles of the cells in a picture, x and y."""
    side = width * CELL
    columns = (np.arange(COLUMNS) + 1) * side
    rows = height - (np.arange(ROWS)[::-1] + 1) * side
    return np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)


def paint(pixels: Pixels, time: int) -> None:
    """Paint `time` (ns) into pixels, (height, width, 3), in place."""
    value = time // TICK % (1 << BITS)
    bits = (value << CHECK_BITS) | _check(value)
    height, width = pixels.shape[:2]
    half = width * CELL / 2
    for place, (x, y) in enumerate(_cells(width, height)):
        white = bits >> (BITS + CHECK_BITS - 1 - place) & 1
        corners = [(round(x - half), round(y - half)), (round(x + half) - 1, round(y + half) - 1)]
        cv2.rectangle(pixels, corners[0], corners[1], (255, 255, 255) if white else (0, 0, 0), cv2.FILLED)


def read(picture: Pixels, now: int) -> int | None:
    """The time (ns) in a picture, (height, width, 3), of any size; the latest not after `now`. None: not readable."""
    height, width = picture.shape[:2]
    bits = 0
    for x, y in _cells(width, height):
        level = int(picture[min(int(y), height - 1), min(int(x), width - 1)].astype(int).mean())
        bits = bits << 1 | (level > 127)
    value = bits >> CHECK_BITS
    if _check(value) != bits & ((1 << CHECK_BITS) - 1):
        return None
    behind = (now // TICK - value) % (1 << BITS)
    return (now // TICK - behind) * TICK
