"""Draws marks into the pixels of a frame with OpenCV, for recordings and pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

import resources
from desktop.drawing.labels import place
from desktop.drawing.marks import Boxes, Colour, Label, Lines, Marks, Points, text_on, unit_of
from desktop.frame import Pixels

_SHIFT = 4  # OpenCV takes coordinates in 1/16 pixel
_RIM: Colour = (24, 26, 28)
_TEXT_SIZE = 12.0  # units
_FAR = 1 << 14  # pixels: points farther out than this are moved to it, OpenCV's fixed-point coordinates overflow
_PART = 8192  # pixels: larger pictures are drawn in parts of this size, so that what is in a part is never that far out
_SMALLEST = 0.6  # pixels of radius under which a disc is no longer round
_own = threading.local()

Plate = tuple[int, int, int, int]
"""x, y (upper left), width, height in pixels."""


def draw(pixels: Pixels, marks: Marks) -> None:
    """Draw `marks` into `pixels`, (height, width, 3) BGR uint8, in place.

    Raises ValueError for pixels that are read-only, as a frame's are: draw into a copy of them.
    """
    if not pixels.flags.writeable:
        raise ValueError("marks cannot be drawn into read-only pixels: draw into a copy of them")
    if not marks:
        return
    if marks.alpha >= 1.0:
        _draw_all(pixels, marks)
        return
    clear = pixels.copy()
    _draw_all(pixels, marks)
    cv2.addWeighted(pixels, marks.alpha, clear, 1.0 - marks.alpha, 0.0, dst=pixels)


def _draw_all(pixels: Pixels, marks: Marks) -> None:
    height, width = pixels.shape[:2]
    unit = unit_of((width, height))
    size = max(9, round(_TEXT_SIZE * unit))
    plates = _plates(marks.labels, (width, height), unit, size)
    for left, top, part in _parts(pixels):
        moved = _moved(marks, left, top)
        for boxes in moved.boxes:
            _draw_boxes(part, boxes, unit)
        for lines in moved.lines:
            _draw_lines(part, lines, unit)
        for points in moved.points:
            _draw_points(part, points, unit)
        for label, (x, y, wide, tall) in zip(marks.labels, plates, strict=True):
            if x + wide > left and y + tall > top and x < left + part.shape[1] and y < top + part.shape[0]:
                _draw_label(part, label, (x - left, y - top, wide, tall), size)


def _parts(pixels: Pixels) -> Iterator[tuple[int, int, Pixels]]:
    """A picture of ordinary size as it is; of a very large one the parts, as views, with their left and top."""
    height, width = pixels.shape[:2]
    if max(height, width) <= _FAR:
        yield 0, 0, pixels
        return
    for top in range(0, height, _PART):
        for left in range(0, width, _PART):
            yield left, top, pixels[top : top + _PART, left : left + _PART]


def _moved(marks: Marks, left: int, top: int) -> Marks:
    """The marks in coordinates of the part that begins at (left, top); labels stay where they are."""
    if not (left or top):
        return marks
    corner = np.array([left, top, left, top], np.float32)
    return replace(
        marks,
        lines=tuple(replace(one, ends=one.ends - corner) for one in marks.lines),
        points=tuple(replace(one, centres=one.centres - corner[:2]) for one in marks.points),
        boxes=tuple(replace(one, corners=one.corners - corner) for one in marks.boxes),
    )


def _bgr(colour: Colour) -> tuple[int, int, int]:
    return colour[2], colour[1], colour[0]


def _fixed(values: NDArray[np.float32]) -> NDArray[np.int32]:
    """Pixel coordinates (0 at the picture's corner) -> OpenCV's 1/16 pixels (0 at the first pixel's centre)."""
    fixed: NDArray[np.int32] = np.rint((np.clip(values, -_FAR, _FAR) - 0.5) * (1 << _SHIFT)).astype(np.int32)
    return fixed


def _blend(pixels: Pixels, at: NDArray[np.float32], reach: float, opacity: float, paint: Callable[[], None]) -> None:
    """Let `paint` draw things around the points `at` (N, 2), `reach` pixels far, and mix them in with `opacity`."""
    if opacity >= 1.0 or not len(at):
        paint()
        return
    height, width = pixels.shape[:2]
    margin = reach + 2.0
    x1, y1 = np.clip(np.floor(at.min(0) - margin), 0, (width, height)).astype(int).tolist()
    x2, y2 = np.clip(np.ceil(at.max(0) + margin), 0, (width, height)).astype(int).tolist()
    if x1 >= x2 or y1 >= y2:
        return
    part = pixels[y1:y2, x1:x2]
    before = part.copy()
    paint()
    part[:] = cv2.addWeighted(part, opacity, before, 1.0 - opacity, 0.0)


def _draw_lines(pixels: Pixels, lines: Lines, unit: float) -> None:
    width = min(lines.width * unit, lines.most)
    thickness = max(1, round(width))
    opacity = lines.opacity * min(1.0, width)  # OpenCV's thinnest line is a pixel wide: a thinner one is fainter
    ends = list(_fixed(lines.ends).reshape(-1, 2, 2))

    def paint() -> None:
        if lines.outlined:
            rim = thickness + 2 * max(1, round(0.5 * unit))
            cv2.polylines(pixels, ends, False, _bgr(_RIM), rim, cv2.LINE_AA, _SHIFT)
        cv2.polylines(pixels, ends, False, _bgr(lines.colour), thickness, cv2.LINE_AA, _SHIFT)

    _blend(pixels, lines.ends.reshape(-1, 2), thickness + unit, opacity, paint)


def _draw_points(pixels: Pixels, points: Points, unit: float) -> None:
    wanted = min(points.radius * unit, points.most)
    radius = max(_SMALLEST, wanted)
    opacity = points.opacity * (wanted / radius) ** 2  # as much ink as the smaller disc
    fixed = round(radius * (1 << _SHIFT))
    rim = round((radius + max(0.8, 0.5 * unit)) * (1 << _SHIFT))
    centres = _fixed(points.centres).tolist()

    def paint() -> None:
        if points.outlined:
            for centre in centres:
                cv2.circle(pixels, centre, rim, _bgr(_RIM), cv2.FILLED, cv2.LINE_AA, _SHIFT)
        for centre in centres:
            cv2.circle(pixels, centre, fixed, _bgr(points.colour), cv2.FILLED, cv2.LINE_AA, _SHIFT)

    _blend(pixels, points.centres, radius + unit, opacity, paint)


def _draw_boxes(pixels: Pixels, boxes: Boxes, unit: float) -> None:
    thickness = max(1, round(boxes.width * unit))
    corners = list(_fixed(boxes.corners[:, [0, 1, 2, 1, 2, 3, 0, 3]]).reshape(-1, 4, 2))

    def paint() -> None:
        rim = thickness + 2 * max(1, round(0.5 * unit))
        cv2.polylines(pixels, corners, True, _bgr(_RIM), rim, cv2.LINE_AA, _SHIFT)
        cv2.polylines(pixels, corners, True, _bgr(boxes.colour), thickness, cv2.LINE_AA, _SHIFT)

    _blend(pixels, boxes.corners.reshape(-1, 2), thickness + unit, boxes.opacity, paint)


def _typeface() -> cv2.FontFace:
    """This thread's typeface: OpenCV's keeps a cache of glyphs that threads must not share."""
    face: cv2.FontFace | None = getattr(_own, "typeface", None)
    if face is None:
        face = _own.typeface = cv2.FontFace(str(resources.path("fonts/Inter-SemiBold.otf")))
    return face


def _plates(labels: Sequence[Label], picture: tuple[int, int], unit: float, size: int) -> list[Plate]:
    """Where the labels' plates lie in a `picture` of width and height; `size` of the text in pixels."""
    if not labels:
        return []
    face = _typeface()
    inset, tall = round(0.45 * size), round(1.5 * size)
    extents = [cv2.getTextSize(picture, label.text, (0, 0), face, size) for label in labels]
    wides = [left + text_width + 2 * inset for left, _, text_width, _ in extents]
    wanted = [
        (label.at[0], label.at[1] - label.gap * unit - tall, wide, tall)
        for label, wide in zip(labels, wides, strict=True)
    ]
    corners = place(wanted, picture)
    return [(round(left), round(top), wide, tall) for wide, (left, top) in zip(wides, corners, strict=True)]


def _draw_label(pixels: Pixels, label: Label, plate: Plate, size: int) -> None:
    x, y = plate[:2]
    face = _typeface()
    shape = _rounded(plate, 0.22 * plate[3])

    def paint() -> None:
        cv2.fillConvexPoly(pixels, _fixed(shape), _bgr(label.colour), cv2.LINE_AA, _SHIFT)
        baseline = (x + round(0.45 * size), y + round(1.09 * size))
        cv2.putText(pixels, label.text, baseline, _bgr(text_on(label.colour)), face, size)

    _blend(pixels, shape, 0.0, label.opacity, paint)


def _rounded(plate: Plate, radius: float) -> NDArray[np.float32]:
    """The outline, (N, 2), of a rectangle with round corners."""
    x, y, wide, tall = plate
    angles = np.linspace(0.0, np.pi / 2, 6)
    centres = [
        (x + wide - radius, y + tall - radius),
        (x + radius, y + tall - radius),
        (x + radius, y + radius),
        (x + wide - radius, y + radius),
    ]
    corners = [
        (cx + radius * np.cos(angles + turn * np.pi / 2), cy + radius * np.sin(angles + turn * np.pi / 2))
        for turn, (cx, cy) in enumerate(centres)
    ]
    return np.concatenate([np.stack(corner, 1) for corner in corners]).astype(np.float32)
