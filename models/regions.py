"""Regions: rotated rectangles of a picture, cut out for a landmark network, and the way back for the points it finds.

Follows MediaPipe (AlignmentPointsRectsCalculator, DetectionsToRectsCalculator, RectTransformationCalculator,
ImageToTensorCalculator, LandmarkProjectionCalculator): column i of a crop of size S shows the place i / S of the
region's width, and a point at place i of the crop goes back there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

WARP_LIMIT = 32_000
"""OpenCV addresses pixels with 16 bits when it warps: longer pictures are cut to what a region needs first."""


@dataclass(frozen=True, slots=True)
class Region:
    """Centre `x`, `y`, `width` and `height` in pixels of the frame; `angle` in radians, clockwise as seen."""

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0

    def scaled(self, factor: float) -> Region:
        """The same centre and angle, `factor` times as large."""
        return Region(self.x, self.y, self.width * factor, self.height * factor, self.angle)

    def turned(self, angle: float) -> Region:
        """Turned clockwise by `angle` radians around its centre."""
        return Region(self.x, self.y, self.width, self.height, normal_angle(self.angle + angle))

    @property
    def sound(self) -> bool:
        """Whether there is anything to cut: all finite, and at least a pixel wide and high."""
        numbers = (self.x, self.y, self.width, self.height, self.angle)
        return all(math.isfinite(number) for number in numbers) and min(self.width, self.height) >= 1


def normal_angle(angle: float) -> float:
    """The same direction within -pi..pi."""
    return angle - 2 * math.pi * math.floor((angle + math.pi) / (2 * math.pi))


def region_from_axis(base: Floats, tip: Floats, scale: float) -> Region:
    """A square around `base` (2,) whose upward direction runs to `tip` (2,), reaching `scale` times as far as `tip`.

    Bodies: base is the middle of the hips, tip the point that says size and direction; MediaPipe's scale is 1.25.
    """
    dx, dy = float(tip[0] - base[0]), float(tip[1] - base[1])
    side = 2 * math.hypot(dx, dy) * scale
    return Region(float(base[0]), float(base[1]), side, side, normal_angle(math.pi / 2 - math.atan2(-dy, dx)))


def region_from_box(box: Floats, start: Floats, end: Floats, scale: float) -> Region:
    """A square on the middle of `box` (4,), `scale` times its longer side, in which `start` to `end` (2,) is level.

    Faces: the eyes, the one on the picture's left first; MediaPipe's scale is 1.5.
    """
    side = float(max(box[2] - box[0], box[3] - box[1])) * scale
    angle = normal_angle(math.atan2(float(end[1] - start[1]), float(end[0] - start[0])))
    return Region(float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2, side, side, angle)


def region_of_picture(width: int, height: int) -> Region:
    """The smallest square that holds a whole picture in its middle (a letterbox)."""
    return region_of_window(0, 0, width, height)


def region_of_window(left: float, top: float, width: float, height: float) -> Region:
    """The smallest square that holds a window of a picture in its middle."""
    side = float(max(width, height))
    return Region(left + width / 2, top + height / 2, side, side)


def matrix(region: Region, size: tuple[int, int]) -> NDArray[np.float64]:
    """(2, 3): from places (column, row) of a crop of `size` (width, height) to the frame."""
    across, down = region.width / size[0], region.height / size[1]
    cosine, sine = math.cos(region.angle), math.sin(region.angle)
    a, b, c, d = cosine * across, -sine * down, sine * across, cosine * down
    x = region.x - (a * size[0] + b * size[1]) / 2
    y = region.y - (c * size[0] + d * size[1]) / 2
    return np.array([[a, b, x], [c, d, y]])


def crop(pixels: Pixels, region: Region, size: tuple[int, int], *, black: bool = False) -> Pixels:
    """(height, width, 3) uint8 of `size` (width, height): the region upright, bilinear.

    Beyond the picture its edge is repeated, or all is black. Landmark networks were trained with the former, detectors
    with the latter (ImageToTensorCalculator, BORDER_REPLICATE and BORDER_ZERO in MediaPipe's graphs).
    """
    way = matrix(region, size)
    if max(pixels.shape[:2]) > WARP_LIMIT:
        pixels, way = _cut(pixels, region, way)
    border = cv2.BORDER_CONSTANT if black else cv2.BORDER_REPLICATE
    cut = cv2.warpAffine(pixels, way, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=border)
    return np.asarray(cut, np.uint8)


def _cut(pixels: Pixels, region: Region, way: NDArray[np.float64]) -> tuple[Pixels, NDArray[np.float64]]:
    """The part of a very long picture that a region can see, shrunk where even that is too long; and the way to it."""
    reach = math.hypot(region.width, region.height) / 2 + 2
    height, width = pixels.shape[:2]
    left, right = (int(np.clip(value, 0, width - 1)) for value in (region.x - reach, region.x + reach))
    top, bottom = (int(np.clip(value, 0, height - 1)) for value in (region.y - reach, region.y + reach))
    part = pixels[top : bottom + 1, left : right + 1]
    way = way - np.array([[0, 0, left], [0, 0, top]])
    longest = max(part.shape[:2])
    if longest > WARP_LIMIT:
        size = [max(1, side * WARP_LIMIT // longest) for side in part.shape[1::-1]]
        way = way * np.array([[size[0] / part.shape[1]], [size[1] / part.shape[0]]])
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    return part, way


def project(points: Floats, region: Region, size: tuple[int, int]) -> Floats:
    """(..., 2) places of a crop of `size` -> the same points in the frame."""
    way = matrix(region, size)
    return np.asarray(points @ way[:, :2].T + way[:, 2], np.float32)


def locate(points: Floats, region: Region, size: tuple[int, int]) -> Floats:
    """(..., 2) points of the frame -> their places in a crop of `size`: the inverse of `project`."""
    way = matrix(region, size)
    return np.asarray((points - way[:, 2]) @ np.linalg.inv(way[:, :2]).T, np.float32)
