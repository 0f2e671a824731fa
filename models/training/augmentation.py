"""Pictures changed so that a detector learns what stays: size, place, direction, light. Pure, from a numpy Generator.

Boxes follow exactly: every change of place is a resize to whole pixels, a turn left to right, or a shift by whole
pixels. Mosaic: Bochkovskiy et al., "YOLOv4" (arXiv:2004.10934), section 3.3; mix-up: Zhang et al. (arXiv:1710.09412),
for detection as in Zhang et al. (arXiv:1902.04103): both pictures' boxes are kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from models import fitting
from models.training.examples import Example, Pixels

SEEN = 0.3
"""Of boxes that are cut so that less of them is left, nobody need say what they are."""
SMALLEST = 4.0
"""The same holds for boxes with a shorter side, in pixels of the input."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How much is changed.

    `smallest`, `largest`: scale of the picture, 1 = it fills the input; `stretched`: most that its sides' ratio is
    changed, as a part; `scaled`: how often both are done. `flipped`, `coloured`, `mosaic`, `mixed`: how often, 0..1.
    """

    smallest: float = 0.65
    largest: float = 1.5
    stretched: float = 0.15
    scaled: float = 0.8
    flipped: float = 0.5
    coloured: float = 0.8
    mosaic: float = 0.0
    mixed: float = 0.0


PLAIN = Augmentation(scaled=0.0, flipped=0.0, coloured=0.0)
"""Nothing but the stretch to the input's size, as a detector sees pictures in use."""


def augment(
    pool: Sequence[Example], place: int, size: tuple[int, int], how: Augmentation, random: np.random.Generator
) -> Example:
    """Example `place` of `pool` changed, `size` (height, width) large; mosaic and mix-up draw others from the pool."""
    if random.random() < how.mosaic:
        others = [pool[int(random.integers(len(pool)))] for _ in range(3)]
        made = mosaic([placed(one, size, how, random) for one in (pool[place], *others)], size, random)
    else:
        made = placed(pool[place], size, how, random)
    if random.random() < how.mixed:
        other = placed(pool[int(random.integers(len(pool)))], size, how, random)
        made = mixed(made, other, float(random.beta(8.0, 8.0)))
    return coloured(made, random) if random.random() < how.coloured else made


def placed(example: Example, size: tuple[int, int], how: Augmentation, random: np.random.Generator) -> Example:
    """Scaled, stretched, flipped and shifted within an input of `size` (height, width), grey where nothing is."""
    height, width = size
    scale = stretch = 1.0
    if random.random() < how.scaled:
        scale = math.exp(random.uniform(math.log(how.smallest), math.log(how.largest)))
        stretch = math.exp(random.uniform(-how.stretched, how.stretched) / 2)
    inner = max(round(width * scale * stretch), 8), max(round(height * scale / stretch), 8)
    flip = bool(random.random() < how.flipped)
    left = int(random.integers(min(0, width - inner[0]), max(0, width - inner[0]) + 1))
    top = int(random.integers(min(0, height - inner[1]), max(0, height - inner[1]) + 1))
    return moved(example, size, inner, (left, top), flip=flip)


def moved(
    example: Example, size: tuple[int, int], inner: tuple[int, int], corner: tuple[int, int], *, flip: bool
) -> Example:
    """The picture resized to `inner` (width, height), turned left to right if `flip`, its corner at `corner` (x, y) of
    an input of `size` (height, width); boxes cut there, those outside left out."""
    rows, columns = example.pixels.shape[:2]
    height, width = size
    shown, _ = fitting.stretch(example.pixels, inner[1], inner[0])  # as it is done in use
    boxes = example.boxes * np.array([inner[0] / columns, inner[1] / rows] * 2, np.float32)
    if flip:
        shown = shown[:, ::-1]
        boxes = np.stack([inner[0] - boxes[:, 2], boxes[:, 1], inner[0] - boxes[:, 0], boxes[:, 3]], 1)
    left, top = corner
    canvas = np.full((height, width, 3), fitting.GREY, np.uint8)
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + inner[0], width), min(top + inner[1], height)
    if x2 > x1 and y2 > y1:
        canvas[y1:y2, x1:x2] = shown[y1 - top : y2 - top, x1 - left : x2 - left]
    return cut(replace(example, pixels=canvas, boxes=(boxes + np.array([left, top] * 2)).astype(np.float32)))


def cut(example: Example) -> Example:
    """Boxes cut at the picture's edges: those mostly cut away or tiny are ignored, those wholly outside are gone."""
    rows, columns = example.pixels.shape[:2]
    whole = example.boxes
    boxes = np.clip(whole, 0, np.array([columns, rows] * 2)).astype(np.float32)
    sides = boxes[:, 2:] - boxes[:, :2]
    seen = sides.prod(axis=1) / np.maximum((whole[:, 2:] - whole[:, :2]).prod(axis=1), 1e-6)
    kept = (seen > 0.02) & (sides.min(axis=1, initial=np.inf) > 0.5)
    ignored = example.ignored | (seen < SEEN) | (sides.min(axis=1, initial=np.inf) < SMALLEST)
    return Example(
        example.pixels,
        boxes[kept],
        example.classes[kept],
        example.weights[kept],
        ignored[kept],
        example.labelled,
    )


def mosaic(four: Sequence[Example], size: tuple[int, int], random: np.random.Generator) -> Example:
    """Four pictures of `size` side by side, each half as large, and a window of `size` out of them shifted by up to a
    quarter: classes are labelled where all four are."""
    height, width = size
    halves = [(height // 2, width // 2), (height // 2, width - width // 2)]
    halves += [(height - height // 2, width // 2), (height - height // 2, width - width // 2)]
    corners = [(0, 0), (0, width // 2), (height // 2, 0), (height // 2, width // 2)]
    down, right = (int(random.integers(-side // 4, side // 4 + 1)) for side in size)
    parts = []
    for one, (rows, columns), (top, left) in zip(four, halves, corners, strict=True):
        parts.append(moved(one, size, (columns, rows), (left + right, top + down), flip=False))
    canvas = np.full((height, width, 3), fitting.GREY, np.uint8)
    for part, (rows, columns), (top, left) in zip(parts, halves, corners, strict=True):
        y, x = max(top + down, 0), max(left + right, 0)
        canvas[y : top + down + rows, x : left + right + columns] = part.pixels[
            y : top + down + rows, x : left + right + columns
        ]
    return _joined(canvas, parts)


def mixed(one: Example, other: Example, share: float) -> Example:
    """`share` of the one and the rest of the other laid over each other, with the boxes of both."""
    pixels = cv2.addWeighted(one.pixels, share, other.pixels, 1 - share, 0)
    return _joined(np.asarray(pixels, np.uint8), [one, other])


def _joined(pixels: Pixels, parts: Sequence[Example]) -> Example:
    """One example with the boxes of all; what is labelled in some of the parts only is a guess in the whole."""
    return Example(
        pixels,
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.classes for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.ignored for part in parts]),
        np.logical_and.reduce([part.labelled for part in parts]),
    )


def coloured(example: Example, random: np.random.Generator) -> Example:
    """Saturation, contrast and brightness changed a little."""
    pixels = example.pixels.astype(np.float32)
    grey = pixels.mean(axis=2, keepdims=True)
    pixels = grey + (pixels - grey) * random.uniform(0.7, 1.3)
    middle = pixels.mean()
    pixels = (pixels - middle) * random.uniform(0.75, 1.25) + middle + random.uniform(-20, 20)
    return replace(example, pixels=np.clip(pixels, 0, 255).astype(np.uint8))
