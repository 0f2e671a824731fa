"""A face that can be searched in any picture: a pattern that wanders, and what finds a quarter of it.

It stands for a face where tests ask whether one leaves memory: a real one is not found again after a codec as surely.
"""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
from fake_source import FakeSource
from numpy.typing import NDArray

from models.classes import COCO
from models.scene import Face, Scene

Pixels = NDArray[np.uint8]

SIZE = (320, 240)
SIDE = 64
_CELL = 8
_CELLS = SIDE // _CELL
_PATTERN = np.random.default_rng(3).permutation(np.repeat([30, 225], _CELLS**2 // 2)).reshape(_CELLS, _CELLS)
PATTERN = np.kron(_PATTERN, np.ones((_CELL, _CELL))).astype(np.uint8)
FOUND = 0.8
"""Correlation of a part from which on it is recognised: see `test_the_canary_is_found_where_nothing_hides_it`."""


def place_of(number: int) -> tuple[int, int]:
    """Left and top of the canary in frame `number`: it goes to and fro, a few pixels a frame."""
    return 40 + abs(number * 5 % 340 - 170), 60 + abs(number * 3 % 160 - 80)


def picture(number: int) -> Pixels:
    """Frame `number`: the canary on grey with some noise; the first pixel says the number."""
    grey = np.random.default_rng(number).normal(128, 4, (SIZE[1], SIZE[0]))
    pixels = np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, 2)
    x, y = place_of(number)
    pixels[y : y + SIDE, x : x + SIDE] = PATTERN[..., None]
    pixels[0, 0] = number % 256, number // 256, 0
    return pixels


def scene_of(number: int) -> Scene:
    """What a looker that misses nothing finds in frame `number`."""
    x, y = place_of(number)
    turns = np.linspace(0, 2 * np.pi, 468)
    points = np.stack([x + SIDE / 2 + 30 * np.cos(turns), y + SIDE / 2 + 30 * np.sin(turns), 0 * turns], 1)
    box = np.array([x, y, x + SIDE, y + SIDE], np.float32)
    return Scene(faces=(Face(box, 0.97, points.astype(np.float32), 1),))


def likeness(pixels: Pixels) -> float:
    """How well the quarter of the canary that is seen best is recognised anywhere in a picture: up to 1."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    half = SIDE // 2
    quarters = [PATTERN[y : y + half, x : x + half] for y in (0, half) for x in (0, half)]
    return max(float(cv2.matchTemplate(grey, quarter, cv2.TM_CCOEFF_NORMED).max()) for quarter in quarters)


def frames_of(path: Path) -> list[Pixels]:
    """The decoded frames of a video, or the one picture of any other file, BGR."""
    if path.suffix != ".mp4":
        return [np.asarray(cv2.imread(str(path)), np.uint8)]
    with av.open(str(path)) as file:
        return [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in file.decode(video=0)]


class CanarySource(FakeSource):
    """A fake source in whose every frame the canary is; `timed`: 33 ms apart, else they come now."""

    def __init__(self, *, live: bool = True, timed: bool = True) -> None:
        super().__init__(live=live, size=SIZE, times=(lambda number: number * 33_000_000) if timed else None)

    def picture(self, number: int) -> Pixels:
        """Frame `number`."""
        return picture(number)


class CanaryLooker:
    """Finds the canary in files, but in the frames `missed` counts (from 0); fails at the one `fails` counts."""

    labels = COCO
    note = ""

    def __init__(self, missed: frozenset[int] = frozenset(), fails: int | None = None) -> None:
        self._missed, self._fails = missed, fails
        self._looked = 0

    def analyze(self, pixels: Pixels, time_ns: int) -> Scene:
        """The scene of a frame of a video."""
        assert time_ns >= 0
        number = self._looked
        self._looked += 1
        if number == self._fails:
            raise ZeroDivisionError("the network met a number that is none")
        return Scene() if number in self._missed else self.look(pixels)

    def look(self, pixels: Pixels) -> Scene:
        """The scene of a picture; its first pixel may have come through a codec, so the canary is searched."""
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        matched = cv2.matchTemplate(grey, PATTERN, cv2.TM_CCOEFF_NORMED)
        if matched.max() < FOUND:
            return Scene()
        y, x = divmod(int(matched.argmax()), matched.shape[1])
        box = np.array([x, y, x + SIDE, y + SIDE], np.float32)
        return Scene(faces=(Face(box, 0.97, np.full((468, 3), 5, np.float32), 1),))

    def begin(self) -> None:
        """Another video."""
        self._looked = 0

    def reset(self) -> None:
        """Nothing is followed here."""
