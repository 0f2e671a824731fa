"""A switch: a check box that looks like one."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from desktop.window.colours import DARK, Colours

_WIDE, _TALL = 36, 20


class Switch(QCheckBox):
    """On or off. Its text is only its accessible name: the label stands beside it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = DARK
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(self.sizeHint())

    def dress(self, colours: Colours) -> None:
        """Take the colours of a theme."""
        self._colours = colours
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """With room for the ring of focus."""
        return QSize(_WIDE + 4, _TALL + 4)

    def hitButton(self, at: QPoint) -> bool:  # noqa: N802 - Qt's name
        """The whole of it can be clicked."""
        return self.rect().contains(at)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """A track and a knob."""
        colours, on = self._colours, self.isChecked()
        track = QRectF(2, 2, _WIDE, _TALL)
        knob = QRectF(track.right() - _TALL + 3 if on else track.left() + 3, track.top() + 3, _TALL - 6, _TALL - 6)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.hasFocus():
                painter.setPen(QPen(QColor(colours.text), 1.5))
                painter.drawRoundedRect(track.adjusted(-1.25, -1.25, 1.25, 1.25), _TALL / 2 + 1, _TALL / 2 + 1)
            painter.setPen(Qt.PenStyle.NoPen if on else QPen(QColor(colours.muted), 1.25))
            painter.setBrush(QColor(colours.accent if on else colours.raised))
            inner = track if on else track.adjusted(0.6, 0.6, -0.6, -0.6)
            painter.setOpacity(1.0 if self.isEnabled() else 0.5)
            painter.drawRoundedRect(inner, inner.height() / 2, inner.height() / 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.on_accent if on else colours.muted))
            painter.drawEllipse(knob)
