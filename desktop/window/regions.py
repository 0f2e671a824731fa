"""Regions of rules, shown faintly on the picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from desktop.window.fitting import Fit

Corner = tuple[float, float]

COLOUR = "#ffd166"
"""Of regions: on light and dark pictures it is seen by its rim."""

_RIM = "#14171b"
_FILL, _FILL_PRESENT = 18, 60  # of 255
_LINE, _LINE_PRESENT = 120, 255
_TEXT = 11  # logical pixels
_INSET = 5.0


@dataclass(frozen=True, slots=True)
class Region:
    """Where a rule looks: its name, the corners as parts of the picture, and whether it sees something there now."""

    name: str
    corners: tuple[Corner, ...]
    present: bool = False


def polygon_of(corners: Iterable[Corner], fit: Fit) -> QPolygonF:
    """Where corners, as parts of the picture, lie in the widget."""
    width, height = fit.frame
    return QPolygonF([fit.transform.map(QPointF(x * width, y * height)) for x, y in corners])


def corner_at(place: QPointF, fit: Fit) -> Corner:
    """The place of the widget as parts of the picture; the nearest in it where it is beside it."""
    at = fit.to_frame(place)
    across, down = at.x() / fit.frame[0], at.y() / fit.frame[1]
    return round(min(max(across, 0.0), 1.0), 4), round(min(max(down, 0.0), 1.0), 4)


def paint_regions(painter: QPainter, regions: Sequence[Region], fit: Fit, family: str) -> None:
    """Paint outlines and names; brighter where the rule sees something."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipRect(fit.target)
    for region in regions:
        shape = polygon_of(region.corners, fit)
        fill, line = QColor(COLOUR), QColor(COLOUR)
        fill.setAlpha(_FILL_PRESENT if region.present else _FILL)
        line.setAlpha(_LINE_PRESENT if region.present else _LINE)
        outline(painter, shape, line, closed=True, fill=fill)
        _name(painter, region, shape, fit, family)
    painter.restore()


def outline(painter: QPainter, shape: QPolygonF, colour: QColor, *, closed: bool, fill: QColor | None = None) -> None:
    """A line with a dark rim, seen on any picture."""
    rim = QColor(_RIM)
    rim.setAlpha(colour.alpha() // 2)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    for pen in (QPen(rim, 3.5), QPen(colour, 1.5)):
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        if closed:
            painter.drawPolygon(shape)
        else:
            painter.drawPolyline(shape)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _name(painter: QPainter, region: Region, shape: QPolygonF, fit: Fit, family: str) -> None:
    font = QFont(family)
    font.setPixelSize(_TEXT)
    font.setWeight(QFont.Weight.DemiBold)
    metrics = QFontMetricsF(font)
    around = shape.boundingRect().intersected(fit.target)
    text = metrics.elidedText(region.name, Qt.TextElideMode.ElideRight, max(40.0, around.width() - 4 * _INSET))
    plate = QRectF(around.topLeft(), metrics.size(0, text)).adjusted(0, 0, 2 * _INSET, _INSET)
    plate.translate(_INSET, max(0.0, around.height() - plate.height() - _INSET))
    painter.setFont(font)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(10, 12, 15, 190 if region.present else 110))
    painter.drawRoundedRect(plate, 4, 4)
    colour = QColor(COLOUR)
    colour.setAlpha(255 if region.present else 200)
    painter.setPen(colour)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
