"""Where the picture lies in the widget: one transform, for painting and for finding what the mouse is on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform


@dataclass(frozen=True, slots=True)
class Fit:
    """How a frame lies in a widget.

    `frame`: width and height of the frame in pixels. `pixels`: width and height that it takes on the screen, in the
    screen's own pixels. `target`: the same as a rectangle of the widget, in logical pixels; its corners lie on pixels
    of the screen, so that nothing is blurred. `transform`: pixels of the frame -> the widget's logical pixels.
    """

    frame: tuple[int, int]
    pixels: tuple[int, int]
    target: QRectF
    transform: QTransform
    mirror: bool = False

    @property
    def scale(self) -> float:
        """Logical pixels per pixel of the frame."""
        return self.target.width() / self.frame[0]

    def to_frame(self, at: QPointF) -> QPointF:
        """The point of the frame that is shown at `at` in the widget; beyond the frame where that is not on it."""
        back, _ = self.transform.inverted()
        return back.map(at)


def fit(
    frame: tuple[int, int],
    widget: tuple[float, float],
    *,
    ratio: float = 1.0,
    margin: float = 0.0,
    origin: tuple[float, float] = (0.0, 0.0),
    mirror: bool = False,
) -> Fit:
    """Fit `frame` (width, height in pixels) whole into `widget` (logical pixels), in its middle.

    `ratio`: pixels of the screen per logical pixel. `margin`: logical pixels left free on every side. `origin`: where
    the widget lies in its window, in logical pixels: with a ratio such as 1.25 that may be between two pixels of the
    screen. `mirror`: left and right exchanged.
    """
    width, height = frame
    room = [max(1.0, (side - 2 * margin) * ratio) for side in widget]
    scale = min(room[0] / width, room[1] / height)
    wide, tall = max(1, math.floor(width * scale + 0.5)), max(1, math.floor(height * scale + 0.5))
    left = _on_pixel((widget[0] * ratio - wide) / 2, origin[0] * ratio)
    top = _on_pixel((widget[1] * ratio - tall) / 2, origin[1] * ratio)
    target = QRectF(left / ratio, top / ratio, wide / ratio, tall / ratio)
    across = target.width() / width
    start = target.left()
    if mirror:
        across, start = -across, target.right()
    transform = QTransform(across, 0.0, 0.0, target.height() / height, start, target.top())
    return Fit(frame, (wide, tall), target, transform, mirror)


def _on_pixel(place: float, origin: float) -> float:
    """The place nearest to `place` that lies on a pixel of the screen once `origin` is added."""
    return math.floor(place + origin + 0.5) - origin
