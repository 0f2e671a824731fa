"""From a frame's pixels to those a video holds: one size for the whole file, even sides, I420."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.frame import Pixels
from models.scene import Scene

Size = tuple[int, int]
"""Width and height in pixels."""

LARGEST = 16384
"""Pixels a side that x264 accepts; it accepts 2 as well, tried with every even side from 2."""


def i420(pixels: Pixels) -> NDArray[np.uint8]:
    """BGR (height, width, 3) -> I420, (3/2 height, width), BT.601 limited range at every size.

    Odd sides get one more column at the right or row at the bottom, which repeat the last: H.264 has no odd sizes.
    """
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = np.asarray(
            cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), dtype=np.uint8
        )
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)


def nv12(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """I420 (3/2 height, width) -> NV12 of the same shape: the colours' two planes become pairs."""
    rows = planes.shape[0] * 2 // 3
    half = (planes.shape[0] - rows) * planes.shape[1] // 2
    pairs = np.empty_like(planes)
    pairs[:rows] = planes[:rows]
    colours, flat = planes[rows:].reshape(-1), pairs[rows:].reshape(-1)
    flat[0::2], flat[1::2] = colours[:half], colours[half:]
    return pairs


def recorded_size(size: Size, height: int | None = None) -> Size:
    """The size in which frames of `size` are recorded: the same, but no side longer than x264 takes.

    `height`: the largest that is wanted.
    """
    scale = min(1.0, LARGEST / max(size), (height or size[1]) / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


@dataclass(frozen=True, slots=True)
class Fit:
    """How pictures of one size are placed into another: scaled by (x, y), then moved by (left, top) pixels."""

    size: Size
    into: Size
    scale: tuple[float, float]
    left: int
    top: int
    inner: Size

    def pixels(self, pixels: Pixels) -> Pixels:
        """The picture, scaled, with black bars where it does not reach. Given back as it is where nothing changes."""
        if self.size == self.into:
            return pixels
        width, height = self.into
        placed = np.zeros((height, width, 3), np.uint8)
        shrinks = self.scale[0] < 1.0
        placed[self.top : self.top + self.inner[1], self.left : self.left + self.inner[0]] = cv2.resize(
            pixels, self.inner, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        return placed

    def points(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 2 or more) x, y, z, … -> the same points in the placed picture; z scales as x, further columns stay."""
        moved = points.copy()
        moved[:, 0] = points[:, 0] * self.scale[0] + self.left
        moved[:, 1] = points[:, 1] * self.scale[1] + self.top
        if points.shape[1] > 2:
            moved[:, 2] = points[:, 2] * self.scale[0]
        return moved

    def box(self, box: NDArray[np.float32]) -> NDArray[np.float32]:
        """(4,) x1, y1, x2, y2 -> the same box in the placed picture."""
        return self.points(box.reshape(2, 2)).reshape(4)

    def scene(self, scene: Scene) -> Scene:
        """The scene in coordinates of the placed picture; masks are left out."""
        if self.size == self.into:
            return scene
        return Scene(
            tuple(replace(thing, box=self.box(thing.box)) for thing in scene.objects),
            tuple(replace(face, box=self.box(face.box), points=self.points(face.points)) for face in scene.faces),
            tuple(
                replace(body, box=self.box(body.box), points=self.points(body.points), mask=None)
                for body in scene.bodies
            ),
        )


def fit(size: Size, into: Size) -> Fit:
    """Place pictures of `size` into those of `into`: as large as they go, in the middle, in their own proportions."""
    ratio = min(into[0] / size[0], into[1] / size[1])
    inner = (min(into[0], max(1, round(size[0] * ratio))), min(into[1], max(1, round(size[1] * ratio))))
    scale = (inner[0] / size[0], inner[1] / size[1])
    return Fit(size, into, scale, (into[0] - inner[0]) // 2, (into[1] - inner[1]) // 2, inner)
