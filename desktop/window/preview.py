"""The picture, large: the newest frame with its marks, pulled from the session on a timer."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from desktop.window.fitting import Fit, fit
from desktop.window.regions import Region, paint_regions

if TYPE_CHECKING:
    from desktop.frame import Pixels
    from desktop.live.showing import Shown
    from desktop.window.painter import MarksPainter
    from models.scene import Body, Detection, Face, Floats

_MARGIN = 12.0  # logical pixels around the picture
_ROUND = 10.0  # logical pixels of its corners' radius
_AGES = 256


def image_of(pixels: Pixels) -> QImage:
    """A QImage that shows (height, width, 3) BGR uint8 `pixels`. It borrows their memory: keep them as long as it."""
    if not pixels.flags.c_contiguous:
        raise ValueError("a QImage needs rows that follow one another")
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_BGR888)


class Preview(QWidget):
    """Shows what `show_frame` gave it last.

    `ages`: of the last frames that were painted: index, and seconds from capture to the first paint. `painted`: how
    often it painted.
    """

    activated = Signal()
    """It was double-clicked."""

    def __init__(self, family: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._family = family
        self._shown: Shown | None = None
        self._marks_painter: MarksPainter | None = None
        self._fit: Fit | None = None
        self._scaled: tuple[object, Pixels] | None = None
        self._stage = QColor("#000000")
        self.regions: tuple[Region, ...] = ()
        self.mirror = False
        self.labels = True
        self.bare = False
        self.painted = 0
        self.ages: deque[tuple[int, float]] = deque(maxlen=_AGES)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Preview")
        self.setAccessibleDescription("The picture of the source with what was found in it")

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As large as it can be."""
        return QSize(960, 540)

    def set_stage(self, colour: str) -> None:
        """The colour behind the picture."""
        self._stage = QColor(colour)
        self.update()

    @property
    def shown(self) -> Shown | None:
        """What is on the screen."""
        return self._shown

    @property
    def fit(self) -> Fit | None:
        """Where the frame lies in the widget; None while there is none."""
        if self._shown is None:
            return None
        at = self.mapTo(self.window(), QPoint(0, 0))
        return fit(
            self._shown.frame.size,
            (float(self.width()), float(self.height())),
            ratio=self.devicePixelRatioF(),
            margin=0.0 if self.bare else _MARGIN,
            origin=(float(at.x()), float(at.y())),
            mirror=self.mirror,
        )

    def show_frame(self, shown: Shown | None) -> None:
        """Show this from the next paint on; nothing is painted where it is on the screen already."""
        if not _same(shown, self._shown):
            self._shown = shown
            self.update()

    def show_regions(self, regions: tuple[Region, ...]) -> None:
        """Where rules look, shown faintly over the picture."""
        if regions != self.regions:
            self.regions = regions
            self.update()

    def thing_at(self, at: QPointF) -> Face | Body | Detection | None:
        """What is shown at this place of the widget: the smallest thing whose box is there."""
        fitted, shown = self.fit, self._shown
        if fitted is None or shown is None or shown.scene is None:
            return None
        place = fitted.to_frame(at)
        things: list[Face | Body | Detection] = [*shown.scene.faces, *shown.scene.objects, *shown.scene.bodies]
        found = [thing for thing in things if _covers(thing, place)]
        return min(found, key=lambda thing: _area(thing.box), default=None)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the picture, then its marks, as vectors."""
        shown, fitted = self._shown, self.fit
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._stage)
            if shown is None or fitted is None:
                return
            pixels = self._pixels_for(shown.frame.pixels, fitted)
            painter.drawImage(fitted.target, image_of(pixels))
            if shown.scene is not None:
                self._paint_marks(painter, shown, fitted)
            if self.regions:
                paint_regions(painter, self.regions, fitted, self._family)
            if not self.bare:
                self._round_corners(painter, fitted.target)
        self.painted += 1
        if not self.ages or self.ages[-1][0] != shown.frame.index:  # not where marks or signs alone are new
            self.ages.append((shown.frame.index, (time.perf_counter_ns() - shown.frame.time) / 1e9))

    def _pixels_for(self, pixels: Pixels, fitted: Fit) -> Pixels:
        """The frame in the size of the screen's pixels: OpenCV does that faster than QPainter, and once a frame."""
        key = (id(pixels), fitted.pixels, self.mirror)
        if self._scaled is not None and self._scaled[0] == key:
            return self._scaled[1]
        import cv2  # loaded long before the first frame is here
        import numpy as np

        made = pixels
        if fitted.pixels != fitted.frame:
            made = np.asarray(cv2.resize(pixels, fitted.pixels, interpolation=cv2.INTER_LINEAR), np.uint8)
        if self.mirror:
            made = np.asarray(cv2.flip(made, 1), np.uint8)
        self._scaled = (key, made)
        return made

    def _paint_marks(self, painter: QPainter, shown: Shown, fitted: Fit) -> None:
        from desktop.drawing.marks import marks_of

        if self._marks_painter is None:
            from desktop.window.painter import MarksPainter

            self._marks_painter = MarksPainter(self._family)
        assert shown.scene is not None
        marks = marks_of(shown.scene, held=shown.held, labels=self.labels)
        self._marks_painter.paint(painter, marks, fitted, self.devicePixelRatioF())

    def _round_corners(self, painter: QPainter, target: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._stage)
        around = QPainterPath()
        around.addRect(target)
        inside = QPainterPath()
        inside.addRoundedRect(target, _ROUND, _ROUND)
        painter.drawPath(around.subtracted(inside))

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Tell that the whole screen is wanted."""
        self.activated.emit()

    def event(self, event: QEvent) -> bool:
        """Say what the mouse rests on."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            thing = self.thing_at(QPointF(event.pos()))
            if thing is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), _described(thing), self)
            return True
        return super().event(event)


def _described(thing: Face | Body | Detection) -> str:
    label = getattr(thing, "label", type(thing).__name__.lower())
    number = f" {thing.track}" if thing.track else ""
    return f"{label}{number}, {thing.score:.0%} sure"


def _same(one: Shown | None, other: Shown | None) -> bool:
    """Whether both would be painted alike."""
    if one is None or other is None:
        return one is other
    return one.frame is other.frame and one.scene is other.scene and one.held == other.held


def _covers(thing: Face | Body | Detection, place: QPointF) -> bool:
    x1, y1, x2, y2 = thing.box.tolist()
    return bool(x1 <= place.x() <= x2 and y1 <= place.y() <= y2)


def _area(box: Floats) -> float:
    x1, y1, x2, y2 = box.tolist()
    return float((x2 - x1) * (y2 - y1))
