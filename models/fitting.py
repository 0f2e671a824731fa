"""How a picture is brought to the size that a network wants, and the way back for what is found: stretch or letterbox.

Places are continuous: a pixel in column i reaches from i to i + 1. The way back is computed from what was really done,
in whole pixels, never from the ratio that was wished for.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

GREY = 114
AVERAGED_FROM = 1.5
"""Pictures that shrink this much in width or height are averaged over areas: bilinear would pass over pixels."""
LARGE, HALVED_FROM, BILINEAR_TO = 500_000, 1.7, 2.6
"""Pixels of a picture for which averaging takes long (1280 x 720 to 416 x 416: 4 ms, one thread), and how much its
sides shrink for it to be halved first, exactly and in a tenth of the time; bilinear does for the rest up to the last.
"""


@dataclass(frozen=True, slots=True)
class Fit:
    """A picture of `width` x `height` pixels that lies, `inner_width` x `inner_height` large, at `left`, `top`."""

    width: int
    height: int
    inner_width: int
    inner_height: int
    left: int = 0
    top: int = 0

    def forward(self, places: Floats) -> Floats:
        """Places of the picture in pixels of the network's input: (..., 2) x, y, or (..., 4) x1, y1, x2, y2."""
        scale, shift = self._of(places)
        return np.asarray(places * scale + shift, np.float32)

    def back(self, places: Floats) -> Floats:
        """Places of the network's input in pixels of the picture: (..., 2) x, y, or (..., 4) x1, y1, x2, y2."""
        scale, shift = self._of(places)
        return np.asarray((places - shift) / scale, np.float32)

    def _of(self, places: Floats) -> tuple[Floats, Floats]:
        pairs = places.shape[-1] // 2
        scale = np.array([self.inner_width / self.width, self.inner_height / self.height] * pairs, np.float32)
        return scale, np.array([self.left, self.top] * pairs, np.float32)


def stretch(pixels: Pixels, height: int, width: int, *, averaged: bool = True) -> tuple[Pixels, Fit]:
    """(H, W, 3) -> (height, width, 3), the ratio of its sides given up, and how it lies there.

    `averaged`: over areas where it shrinks much; else always bilinear, as some networks were trained. Raises ValueError
    for a picture without pixels.
    """
    fit = Fit(pixels.shape[1], pixels.shape[0], width, height)
    return _resized(pixels, fit, averaged), fit


def letterbox(
    pixels: Pixels, height: int, width: int, *, centred: bool = True, averaged: bool = True
) -> tuple[Pixels, Fit]:
    """(H, W, 3) -> (height, width, 3), the ratio of its sides kept, grey around it, and how it lies there.

    `centred`: in the middle (an odd pixel to the right and below), else in the corner at the top left. `averaged`: as
    for `stretch`. Raises ValueError for a picture without pixels.
    """
    rows, columns = pixels.shape[:2]
    scale = min(height / rows, width / columns) if rows and columns else 1.0
    inner_height = min(max(round(rows * scale), 1), height)
    inner_width = min(max(round(columns * scale), 1), width)
    left, top = ((width - inner_width) // 2, (height - inner_height) // 2) if centred else (0, 0)
    fit = Fit(columns, rows, inner_width, inner_height, left, top)
    inner = _resized(pixels, fit, averaged)
    boxed = np.full((height, width, *pixels.shape[2:]), GREY, pixels.dtype)
    boxed[top : top + inner_height, left : left + inner_width] = inner
    return boxed, fit


def _resized(pixels: Pixels, fit: Fit, averaged: bool) -> Pixels:
    if not pixels.size:
        raise ValueError(f"a picture of {fit.width} x {fit.height} pixels shows nothing")
    shown, least = pixels, AVERAGED_FROM
    while averaged and _may_be_halved(shown, fit):
        shown = np.asarray(cv2.resize(shown, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), pixels.dtype)
        least = BILINEAR_TO
    height, width = shown.shape[:2]
    if averaged and max(width / fit.inner_width, height / fit.inner_height) >= least:
        # Only a side that shrinks: where the other one grows OpenCV's areas are none, and half a pixel off.
        size = min(width, fit.inner_width), min(height, fit.inner_height)
        shown = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), pixels.dtype)
    if shown.shape[:2] != (fit.inner_height, fit.inner_width):
        size = fit.inner_width, fit.inner_height
        shown = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_LINEAR), pixels.dtype)
    return shown.copy() if shown is pixels else shown


def _may_be_halved(shown: Pixels, fit: Fit) -> bool:
    height, width = shown.shape[:2]
    shrinks = min(width / fit.inner_width, height / fit.inner_height) >= HALVED_FROM
    return height * width >= LARGE and not (height % 2 or width % 2) and shrinks
