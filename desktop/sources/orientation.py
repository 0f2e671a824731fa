"""Which way up a picture is stored, and how it is turned upright: the one place that decides it.

Cameras store pictures as their sensor lies and say beside them how to turn them: photos by EXIF's orientation (1 to 8),
videos by a display matrix. Both name one of the eight ways in which a rectangle can lie on itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from desktop.frame import Pixels


@dataclass(frozen=True, slots=True)
class Orientation:
    """Rows and columns exchanged first, then left and right, then top and bottom."""

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    def upright(self, pixels: Pixels) -> Pixels:
        """The picture as it is to be seen; the array itself where nothing changes."""
        if self.transpose:
            pixels = np.asarray(cv2.transpose(pixels), np.uint8)
        if self.flip_x or self.flip_y:
            code = -1 if self.flip_x and self.flip_y else 1 if self.flip_x else 0
            pixels = np.asarray(cv2.flip(pixels, code), np.uint8)
        return pixels

    def size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(width, height) as it is to be seen, of a picture stored with (width, height)."""
        return (size[1], size[0]) if self.transpose else size


UPRIGHT = Orientation()

_EXIF = {
    2: Orientation(flip_x=True),
    3: Orientation(flip_x=True, flip_y=True),
    4: Orientation(flip_y=True),
    5: Orientation(transpose=True),
    6: Orientation(transpose=True, flip_x=True),
    7: Orientation(transpose=True, flip_x=True, flip_y=True),
    8: Orientation(transpose=True, flip_y=True),
}


def by_exif(value: int) -> Orientation:
    """That of EXIF's tag 0x0112; what is none of 1 to 8 is upright (Exif 2.32, section 4.6.4)."""
    return _EXIF.get(value, UPRIGHT)


def by_display_matrix(matrix: Sequence[int]) -> Orientation:
    """That of a display matrix, 9 numbers a, b, u, c, d, v, x, y, w by rows (ISO/IEC 14496-12, section 8.2.2).

    A stored point (p, q) is shown at (a p + c q + x, b p + d q + y). A turn that is no quarter turn counts as the
    nearest one.
    """
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(flip_x=a < 0, flip_y=d < 0)
    return Orientation(transpose=True, flip_x=c < 0, flip_y=b < 0)
