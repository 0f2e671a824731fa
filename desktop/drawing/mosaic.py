"""Makes parts of a picture unrecognisable, so that what was there cannot be had back from the pixels.

Every way begins with the averages of a few large cells and forgets the rest: a blur alone could be undone. A part is
hidden by cells in proportion to its own size, so that a large face keeps no more than a small one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels of the frame."""

How = Literal["pixelate", "blur", "fill"]

CELLS = 6
"""Cells along the longer side of a part, its margin included: about four across a face."""

WHOLE_CELLS = 8
"""Cells along the longer side of a whole picture: a face as high as the picture gets no more than one by itself."""

FILL = 56
"""The grey of what is filled, 0..255."""


def hide_parts(pixels: Pixels, boxes: Iterable[Box], how: How = "pixelate") -> Pixels:
    """Another picture with these parts hidden; (height, width, 3) BGR uint8. What lies beyond the picture is cut off.

    Each part is made of the given pixels, not of what another part left of them. Where parts overlap the largest
    counts: the small cells of what is taken for a small face would show much of a large one.
    """
    hidden = pixels.copy()
    height, width = pixels.shape[:2]
    for x1, y1, x2, y2 in sorted(boxes, key=_length):
        left, top = max(math.floor(x1), 0), max(math.floor(y1), 0)
        right, bottom = min(math.ceil(x2), width), min(math.ceil(y2), height)
        if left < right and top < bottom:
            cell = _length((x1, y1, x2, y2)) / CELLS
            place = np.s_[top:bottom, left:right]
            hidden[place] = _coarse(pixels[place], cell, how)
    return hidden


def _length(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def hide_all(pixels: Pixels, how: How = "pixelate") -> Pixels:
    """Another picture of the same size, hidden as a whole."""
    return _coarse(pixels, max(pixels.shape[:2]) / WHOLE_CELLS, how)


def _coarse(pixels: Pixels, cell: float, how: How) -> Pixels:
    """The averages of cells at least `cell` pixels wide and high, in the size of `pixels`."""
    height, width = pixels.shape[:2]
    if how == "fill" or not pixels.size:
        return np.full_like(pixels, FILL)
    few = (max(1, int(width / cell)), max(1, int(height / cell)))
    averages = cv2.resize(pixels, few, interpolation=cv2.INTER_AREA)
    back = cv2.INTER_LINEAR if how == "blur" else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(averages, (width, height), interpolation=back), np.uint8)
