"""Clips made of cut-outs of a real person: the public-domain portrait of Eileen Collins (NASA) that scikit-image
ships.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

WIDTH, HEIGHT = 960, 540
PERIOD_NS = 50_000_000
"""Between two frames of a clip: 20 frames a second."""


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """A person without background: `pixels` BGR, `share` (height, width, 1) 0..1 of the person in each pixel."""

    pixels: Pixels
    share: NDArray[np.float32]

    def mirrored(self) -> CutOut:
        """Left and right exchanged."""
        return CutOut(np.ascontiguousarray(self.pixels[:, ::-1]), np.ascontiguousarray(self.share[:, ::-1]))

    def scaled(self, factor: float) -> CutOut:
        """`factor` times as large."""
        size = (round(self.pixels.shape[1] * factor), round(self.pixels.shape[0] * factor))
        share = cv2.resize(self.share[..., 0], size, interpolation=cv2.INTER_AREA)[..., None]
        pixels = np.asarray(cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        return CutOut(pixels, np.asarray(share, np.float32))

    def recoloured(self) -> CutOut:
        """In a green suit: red and green swapped where the orange is strong."""
        blue, green, red = cv2.split(self.pixels)
        suit = red.astype(int) - blue > 90
        swapped = cv2.merge([blue, np.where(suit, red, green), np.where(suit, green, red)])
        return CutOut(np.asarray(swapped, np.uint8), self.share)

    def paste(self, onto: Pixels, x: float, y: float) -> None:
        """Lay it over a picture, its middle at column `x`, its lower edge at row `y`; what lies beyond is cut."""
        height, width = self.pixels.shape[:2]
        left, top = round(x - width / 2), round(y - height)
        x1, y1 = max(left, 0), max(top, 0)
        x2, y2 = min(left + width, onto.shape[1]), min(top + height, onto.shape[0])
        if x1 >= x2 or y1 >= y2:
            return
        part = np.s_[y1 - top : y2 - top, x1 - left : x2 - left]
        below, share = onto[y1:y2, x1:x2], self.share[part]
        onto[y1:y2, x1:x2] = (below * (1 - share) + self.pixels[part] * share).astype(np.uint8)


@cache
def astronaut() -> CutOut:
    """Eileen Collins from head to waist, cut out by GrabCut (Rother et al., 2004), about 420 pixels high."""
    portrait: Callable[[], Pixels] = skimage.data.astronaut
    picture = np.ascontiguousarray(portrait()[..., ::-1])[:420]
    marks = np.full(picture.shape[:2], cv2.GC_BGD, np.uint8)
    marks[10:, 20:400] = cv2.GC_PR_BGD
    cv2.ellipse(marks, (225, 110), (85, 105), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(marks, (225, 110), (55, 80), 0, 0, 360, cv2.GC_FGD, -1)
    cv2.fillConvexPoly(
        marks, np.array([[170, 190], [280, 190], [390, 290], [390, 420], [40, 420], [40, 320]]), cv2.GC_PR_FGD
    )
    cv2.fillConvexPoly(
        marks, np.array([[175, 230], [270, 230], [330, 300], [330, 420], [90, 420], [90, 320]]), cv2.GC_FGD
    )
    cv2.setRNGSeed(0)
    cv2.grabCut(picture, marks, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    person = ((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)).astype(np.float32)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(person.astype(np.uint8))
    largest = 1 + int(np.argmax(stats[1:count, cv2.CC_STAT_AREA]))
    share = cv2.GaussianBlur((labels == largest).astype(np.float32), (5, 5), 0)[..., None]
    return CutOut(picture, share)


def backdrop() -> Pixels:
    """A quiet wall and floor, nobody there."""
    rows = np.linspace(150, 190, HEIGHT)[:, None]
    columns = 8 * np.sin(np.linspace(0, 9, WIDTH))[None, :]
    wall = np.repeat((rows + columns)[..., None], 3, axis=2)
    wall[HEIGHT * 4 // 5 :] *= 0.7
    return wall.astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One frame of the clip: `pixels` BGR, `time` in ns, and the column of the middle of each person, A and B."""

    pixels: Pixels
    time: int
    a: float
    b: float


def crossing() -> Iterator[Moment]:
    """Two people walk towards each other, A passes in front of B, A leaves to the right and comes back after a
    second.
    """
    first = astronaut().scaled(0.75)
    second = astronaut().mirrored().recoloured().scaled(0.65)
    empty = backdrop()
    for index in range(135):
        seconds = index * PERIOD_NS / 1e9
        a = 180 + 200 * seconds
        a = a if a < 1150 else 2300 - a
        b = max(780 - 120 * seconds, 220.0)
        pixels = empty.copy()
        second.paste(pixels, b, HEIGHT + 10 * np.sin(6 * seconds))
        first.paste(pixels, a, HEIGHT + 10 * np.sin(7 * seconds))
        yield Moment(pixels, index * PERIOD_NS, a, b)
