"""Draws the region of a rule on the living picture, by mouse or by keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QLabel, QWidget

from desktop.window.fitting import Fit
from desktop.window.preview import Preview
from desktop.window.regions import COLOUR, Corner, corner_at, outline, polygon_of

HINT = "Drag a rectangle, or click the corners one by one. Enter: done, Backspace: one back, Esc: as it was."
"""What stands over the picture meanwhile."""

_MOST = 64  # corners
_DRAG = 5.0  # logical pixels that the mouse moves before it drags
_NEAR = 10.0  # logical pixels from the first corner where a click closes the region
_LEAST = 0.01  # parts of the picture that a rectangle is wide and high at least
_STEP, _FAR = 0.01, 0.1  # parts of the picture for an arrow key, and with Shift
_VEIL = 90  # of 255
_DOT = 4.0
_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}


class RegionDrawing(QWidget):
    """Lies over `preview`, takes mouse and keys until it is `drawn` (two or more corners) or `given_up`, then goes.

    Arrow keys move a cross (Shift: farther), the space key sets a corner there. Two corners are those of a rectangle.
    """

    drawn = Signal(tuple)
    given_up = Signal()

    def __init__(self, preview: Preview) -> None:
        super().__init__(preview.parentWidget())
        self._preview = preview
        self.corners: list[Corner] = []
        self._from: QPointF | None = None
        self._dragged: tuple[Corner, Corner] | None = None
        self._at: Corner | None = None
        self._by_keys = self._over = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Region on the picture")
        self.setAccessibleDescription(HINT)
        self._hint = QLabel(HINT, self)
        self._hint.setObjectName("chip")
        self._hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        preview.installEventFilter(self)
        self._lay_out()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay over the picture."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._lay_out()
        elif event.type() == QEvent.Type.Hide:
            self._end(None)
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        self.setGeometry(self._preview.geometry())
        self._hint.setFixedWidth(max(1, min(640, self.width() - 40)))
        self._hint.adjustSize()
        self._hint.move((self.width() - self._hint.width()) // 2, 24)

    def _end(self, corners: tuple[Corner, ...] | None) -> None:
        if self._over:
            return
        self._over = True
        self._preview.removeEventFilter(self)
        self.hide()
        self.deleteLater()
        if corners is None:
            self.given_up.emit()
        else:
            self.drawn.emit(corners)

    def give_up(self) -> None:
        """Leave the region as it was."""
        self._end(None)

    def finish(self) -> None:
        """Take what was drawn, where that is a region; else go on."""
        if len(self.corners) > 2 or (len(self.corners) == 2 and _is_wide(*self.corners)):
            self._end(tuple(self.corners))

    def _set(self, corner: Corner) -> None:
        if len(self.corners) < _MOST and corner not in self.corners[-1:]:
            self.corners.append(corner)
        self.update()

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A corner, or the beginning of a rectangle; the right button takes the last corner back."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._from = event.position()
        elif event.button() == Qt.MouseButton.RightButton:
            self._back()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Show what would come."""
        fit = self._preview.fit
        if fit is None:
            return
        self._by_keys = False
        self._at = corner_at(event.position(), fit)
        start = self._from
        if start is not None and not self.corners:
            far = (event.position() - start).manhattanLength() > _DRAG
            if far or self._dragged is not None:
                self._dragged = corner_at(start, fit), self._at
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The rectangle is drawn, or a corner is set; on the first corner the region is closed."""
        fit, start, dragged = self._preview.fit, self._from, self._dragged
        if event.button() != Qt.MouseButton.LeftButton or fit is None or start is None:
            return
        self._from = self._dragged = None
        if dragged is not None:
            if _is_wide(*dragged):
                self._end(dragged)
            else:
                self.update()
        elif len(self.corners) > 2 and self._is_near_first(event.position(), fit):
            self.finish()
        else:
            self._set(corner_at(start, fit))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The last corner was set by the first click of the two."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.finish()

    def _is_near_first(self, place: QPointF, fit: Fit) -> bool:
        first = polygon_of(self.corners[:1], fit).first()
        return (place - first).manhattanLength() <= _NEAR

    # The keys

    def event(self, event: QEvent) -> bool:
        """No key is a shortcut of the window meanwhile."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Draw by keys, finish, give up."""
        key = Qt.Key(event.key())
        if key in _ARROWS:
            self._move(*_ARROWS[key], far=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Space:
            self._by_keys = True
            self._at = self._at or (0.5, 0.5)
            self._set(self._at)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.finish()
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self._back()
        elif key == Qt.Key.Key_Escape:
            self.give_up()

    def _move(self, across: float, down: float, *, far: bool) -> None:
        x, y = self._at or (0.5, 0.5)
        step = _FAR if far else _STEP
        mirrored = -1.0 if self._preview.mirror else 1.0
        self._at = _within(x + mirrored * across * step), _within(y + down * step)
        self._by_keys = True
        self.update()

    def _back(self) -> None:
        if self.corners:
            del self.corners[-1]
            self.update()

    # What is seen

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """A veil around what is drawn so far, its line and its corners."""
        fit = self._preview.fit
        if fit is None:
            return
        shape, closed = self._shape(fit)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            veil, inside = QPainterPath(), QPainterPath()
            veil.addRect(fit.target)
            inside.addPolygon(shape)
            inside.closeSubpath()
            painter.fillPath(veil.subtracted(inside), QColor(0, 0, 0, _VEIL))
            if not shape.isEmpty():
                outline(painter, shape, QColor(COLOUR), closed=closed)
            painter.setPen(QPen(QColor("#14171b"), 1))
            painter.setBrush(QColor(COLOUR))
            for at in polygon_of(self.corners, fit).toList():
                painter.drawEllipse(at, _DOT, _DOT)
            if self._by_keys and self._at is not None:
                self._cross(painter, polygon_of([self._at], fit).first(), fit.target)

    def _shape(self, fit: Fit) -> tuple[QPolygonF, bool]:
        if self._dragged is not None:
            (x1, y1), (x2, y2) = self._dragged
            return polygon_of([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], fit), True
        corners = list(self.corners)
        if corners and self._at is not None:
            corners.append(self._at)
        if len(corners) == 2:
            (x1, y1), (x2, y2) = corners
            corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
        return polygon_of(corners, fit), len(corners) > 2

    def _cross(self, painter: QPainter, at: QPointF, target: QRectF) -> None:
        painter.setPen(QPen(QColor(COLOUR), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(at.x(), target.top()), QPointF(at.x(), target.bottom()))
        painter.drawLine(QPointF(target.left(), at.y()), QPointF(target.right(), at.y()))


def _within(part: float) -> float:
    return round(min(max(part, 0.0), 1.0), 4)


def _is_wide(one: Corner, other: Corner) -> bool:
    return abs(one[0] - other[0]) >= _LEAST and abs(one[1] - other[1]) >= _LEAST
