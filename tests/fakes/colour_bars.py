"""A picture of pure colours, for tests of what a video makes of them: not a fake of any part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PURE = [
    *((0, 0, 0), (255, 255, 255), (0, 0, 255), (0, 255, 0)),
    *((255, 0, 0), (0, 255, 255), (255, 255, 0), (255, 0, 255)),
]
"""BGR: black, white, the three colours of light, and what two of them give."""


def bars(width: int, height: int) -> NDArray[np.uint8]:
    """Upright bars of PURE, from the left."""
    picture = np.zeros((height, width, 3), np.uint8)
    for number, colour in enumerate(PURE):
        picture[:, number * width // 8 : (number + 1) * width // 8] = colour
    return picture


def far(picture: NDArray[np.uint8]) -> int:
    """Levels by which the middles of the bars differ from PURE, at most."""
    height, width = picture.shape[:2]
    middles = [picture[height // 2, (2 * number + 1) * width // 16].astype(int) for number in range(8)]
    return int(np.abs(np.array(middles) - PURE).max())
