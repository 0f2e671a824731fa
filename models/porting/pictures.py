"""Pictures on which ported networks are compared with their originals: free ones from scikit-image, and noise."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from models.catalogue import Network

Picture = NDArray[np.uint8]  # RGB (height, width, 3)


def _picture(name: str) -> Picture:
    """One of the pictures inside scikit-image's wheel."""
    picture: Picture = getattr(data, name)()
    return picture


# Row and column of the square of NASA's public-domain portrait of Eileen Collins (512x512) that is each network's
# stored input, its side, and by how much it is enlarged again afterwards, which keeps the stored file small.
_SQUARES = {
    "face-detector-short": (0, 0, 512, 1),
    "face-detector-full": (0, 64, 384, 2),
    "face-mesh": (20, 130, 192, 2),
    "body-detector": (0, 32, 448, 2),
    "body-landmarks": (0, 0, 512, 2),
    "onlooker-m": (0, 48, 416, 2),
}


def stored_input(network: Network) -> Picture:
    """The picture of the size of the network's input for which the tests keep the original's outputs."""
    row, column, side, enlarged = _SQUARES[network.key]
    square = _picture("astronaut")[row : row + side, column : column + side]
    cells = network.input[0] // enlarged
    means = square.reshape(cells, side // cells, cells, side // cells, 3).mean((1, 3))
    small: Picture = np.rint(means).astype(np.uint8)
    return small.repeat(enlarged, 0).repeat(enlarged, 1)


def test_inputs(network: Network) -> Iterator[Picture]:
    """Pictures with a person, without one, a person upside down, and noise, in the size of the network's input."""
    portrait = _picture("astronaut")
    height, width = network.input
    real = (
        portrait,
        portrait[:, ::-1],
        portrait[::-1],
        portrait[:240, 100:340],
        _picture("chelsea"),
        _picture("coffee"),
    )
    for picture in real:
        resized = cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=cv2.INTER_AREA)
        yield resized.astype(np.uint8)
    for seed in range(3):
        yield np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
