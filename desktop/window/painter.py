"""Paints marks over the preview with QPainter: the same look as `desktop.drawing.renderer` gives recordings.

Every group of marks is one call into Qt: points take a quarter of the time of as many ellipses, and as arrays a quarter
of that again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from desktop.drawing.labels import place
from desktop.drawing.marks import Boxes, Colour, Label, Lines, Marks, Points, text_on, unit_of
from desktop.window.fitting import Fit

_RIM: Colour = (24, 26, 28)
_TEXT_SIZE = 12.0  # units
_SMALLEST_TEXT = 11  # logical pixels: smaller letters cannot be read on a screen
_SMALLEST = 0.6  # pixels of radius under which a disc is no longer round
_THIN_INK, _LINE_INK, _DISC_INK = 0.4, 1.4, 0.55  # pixels, see _Brush
_TINY = 2.0  # pixels of radius under which a square as large is not told from a disc, and takes a third of the time
_THIN = 3.0  # pixels: round ends of thinner lines are not seen, and take three times as long

Group = Lines | Points | Boxes


class MarksPainter:
    """Paints marks, with labels in the typeface `family`. Used by the thread of the window."""

    def __init__(self, family: str) -> None:
        self._family = family
        self._layer = QImage()

    def paint(self, painter: QPainter, marks: Marks, fit: Fit, ratio: float = 1.0) -> None:
        """Paint `marks` where `fit` shows their frame.

        `painter` works in the coordinates of the widget; `ratio`: pixels of the screen per logical pixel.
        """
        if not marks:
            return
        painter.save()
        painter.setClipRect(fit.target)
        if marks.alpha < 1.0:  # held: all of them as one, so that what lies over one another is not darker
            self._mix(
                painter, fit.target, fit, ratio, marks.alpha, lambda layer: self._paint(layer, marks, fit, ratio, False)
            )
        else:
            self._paint(painter, marks, fit, ratio, True)
        painter.restore()

    def _paint(self, painter: QPainter, marks: Marks, fit: Fit, ratio: float, whole: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        brush = _Brush(_unit(fit), 1.0 / (fit.scale * ratio))
        sorts: tuple[Sequence[Group], ...] = (marks.boxes, marks.lines, marks.points)
        for groups in sorts:
            # Faded ones below the others of their sort: few layers to be mixed in, instead of one for each limb.
            ordered = sorted(groups, key=_opacity_as_a_whole)
            for opacity, run in groupby(ordered, key=_opacity_as_a_whole):
                together = tuple(run)
                if whole and opacity < 1.0:
                    self._mix_groups(painter, together, fit, ratio, opacity, brush)
                else:
                    _paint_groups(painter, together, fit, opacity, brush)
        self._labels(painter, marks.labels, fit)

    def _mix_groups(
        self, painter: QPainter, groups: Sequence[Group], fit: Fit, ratio: float, opacity: float, brush: _Brush
    ) -> None:
        """Faded things with a rim: line and rim are mixed in as one, else the rim would show through."""
        points = np.concatenate([_places(group) for group in groups])
        reach = max(brush.reach(group) for group in groups)
        (x1, y1), (x2, y2) = points.min(0) - reach, points.max(0) + reach
        around = fit.transform.mapRect(QRectF(QPointF(x1, y1), QPointF(x2, y2))).intersected(fit.target)
        if not around.isEmpty():
            self._mix(painter, around, fit, ratio, opacity, lambda layer: _paint_groups(layer, groups, fit, 1.0, brush))

    def _mix(
        self,
        painter: QPainter,
        around: QRectF,
        fit: Fit,
        ratio: float,
        opacity: float,
        paint: Callable[[QPainter], None],
    ) -> None:
        """Let `paint` paint on a clear layer, and mix the part `around` (logical pixels) of it in with `opacity`."""
        size = QSize(*fit.pixels)
        if self._layer.size() != size:
            self._layer = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        start = fit.target.topLeft()
        part = QRectF((around.topLeft() - start) * ratio, around.size() * ratio).toAlignedRect()
        part = part.intersected(self._layer.rect())
        with QPainter(self._layer) as layer:
            layer.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            layer.fillRect(part, Qt.GlobalColor.transparent)
            layer.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            layer.setClipRect(part)
            layer.scale(ratio, ratio)
            layer.translate(-start)
            layer.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint(layer)
        before = painter.opacity()
        painter.setOpacity(opacity)
        painter.drawImage(
            QRectF(
                part.x() / ratio + start.x(), part.y() / ratio + start.y(), part.width() / ratio, part.height() / ratio
            ),
            self._layer,
            QRectF(part),
        )
        painter.setOpacity(before)

    def _labels(self, painter: QPainter, labels: Sequence[Label], fit: Fit) -> None:
        """Labels are laid out in logical pixels: their letters never get too small to be read, nor mirrored."""
        if not labels:
            return
        unit = _unit(fit) * fit.scale
        size = max(_SMALLEST_TEXT, round(_TEXT_SIZE * unit))
        font = QFont(self._family)
        font.setPixelSize(size)
        font.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetricsF(font)
        inset, tall = round(0.45 * size), round(1.5 * size)
        start, room = fit.target.topLeft(), (round(fit.target.width()), round(fit.target.height()))
        plates = []
        for label in labels:
            at = fit.transform.map(QPointF(*label.at)) - start
            wide = metrics.horizontalAdvance(label.text) + 2 * inset
            plates.append((at.x() - wide if fit.mirror else at.x(), at.y() - label.gap * unit - tall, wide, tall))
        painter.setFont(font)
        for label, plate, (left, top) in zip(labels, plates, place(plates, room), strict=True):
            shape = QRectF(start.x() + round(left), start.y() + round(top), plate[2], tall)
            painter.setOpacity(label.opacity)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(*label.colour))
            painter.drawRoundedRect(shape, 0.22 * tall, 0.22 * tall)
            painter.setPen(QColor(*text_on(label.colour)))
            painter.drawText(QPointF(shape.x() + inset, shape.y() + round(1.09 * size)), label.text)
        painter.setOpacity(1.0)


def _unit(fit: Fit) -> float:
    """Pixels of the frame per unit: as in a recording, but a small picture shown large gets no thicker marks."""
    shown = unit_of((round(fit.target.width()), round(fit.target.height())))
    return min(unit_of(fit.frame), shown / fit.scale)


class _Brush:
    """Sizes of what is painted, as the renderer draws them. `unit`: pixels of the frame, `pixel`: of the frame in one
    of the screen.

    OpenCV's lines and discs are larger than their numbers say (measured by their ink, OpenCV 5.0): lines a pixel wide
    by 0.4, others by 1.4 pixels, discs by 0.55 pixels of radius. The preview shows what the recording will look like.
    """

    def __init__(self, unit: float, pixel: float) -> None:
        self._unit, self._pixel = unit, pixel

    def width(self, group: Lines | Boxes) -> tuple[float, float, float]:
        """Of a line in pixels of the frame; of the line with its rim, 0 without one; and the opacity it loses."""
        wanted = min(group.width * self._unit, group.most if isinstance(group, Lines) else np.inf)
        thick = max(1, round(wanted))
        rim = thick + 2 * max(1, round(0.5 * self._unit)) if _rimmed(group) else 0
        return _inked(thick), _inked(rim) if rim else 0.0, min(1.0, wanted)

    def radius(self, group: Points) -> tuple[float, float, float]:
        """Of a disc in pixels of the frame; of the disc with its rim, 0 without one; and the opacity it loses."""
        wanted = min(group.radius * self._unit, group.most)
        radius = max(_SMALLEST, wanted)
        rim = radius + max(0.8, 0.5 * self._unit) if _rimmed(group) else 0.0
        return radius + _DISC_INK, rim + _DISC_INK if rim else 0.0, (wanted / radius) ** 2

    def reach(self, group: Group) -> float:
        """How far from its points a group is seen, in pixels of the frame."""
        size, rim, _ = self.radius(group) if isinstance(group, Points) else self.width(group)
        return max(size, rim) + 2 * self._pixel

    def line(self, width: float, opacity: float, colour: Colour) -> tuple[QPen, float]:
        """A pen, and the opacity to use it with: what is thinner than a pixel of the screen is fainter instead."""
        pen = QPen(QColor(*colour), max(width, self._pixel))
        round_ends = width > _THIN * self._pixel
        pen.setCapStyle(Qt.PenCapStyle.RoundCap if round_ends else Qt.PenCapStyle.FlatCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        return pen, opacity * min(1.0, width / self._pixel)

    def disc(self, radius: float, opacity: float, colour: Colour) -> tuple[QPen, float]:
        """A pen for discs, and the opacity to use it with: as much ink as a disc too small to be round has."""
        seen = max(radius, _SMALLEST * self._pixel)
        tiny = seen < _TINY * self._pixel
        pen = QPen(QColor(*colour), seen * (np.sqrt(np.pi) if tiny else 2.0))
        pen.setCapStyle(Qt.PenCapStyle.SquareCap if tiny else Qt.PenCapStyle.RoundCap)
        return pen, opacity * (radius / seen) ** 2


def _inked(thick: int) -> float:
    return thick + (_THIN_INK if thick <= 1 else _LINE_INK)


def _rimmed(group: Group) -> bool:
    return isinstance(group, Boxes) or group.outlined


def _opacity_as_a_whole(group: Group) -> float:
    """The opacity of what must be mixed in as a whole; 1 for what may simply be painted."""
    return group.opacity if _rimmed(group) else 1.0


def _places(group: Group) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(N, 2) the points that a group spans."""
    if isinstance(group, Points):
        return group.centres.reshape(-1, 2)
    return (group.ends if isinstance(group, Lines) else group.corners).reshape(-1, 2)


def _paint_groups(painter: QPainter, groups: Sequence[Group], fit: Fit, opacity: float, brush: _Brush) -> None:
    """Paint groups in their order, in the frame's coordinates; `opacity` takes the place of that of rimmed ones."""
    painter.save()
    painter.setWorldTransform(fit.transform, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for group in groups:
        strength = opacity if _opacity_as_a_whole(group) < 1.0 else group.opacity
        if isinstance(group, Points):
            size, rim, loss = brush.radius(group)
            # Qt reads on from the first number of an array, whatever its strides are.
            across, down = group.centres.T.astype(np.float64, order="C")
            for radius, colour in ((rim, _RIM), (size, group.colour)):
                if radius:
                    _use(painter, brush.disc(radius, strength * loss, colour))
                    painter.drawPointsNp(across, down)
            continue
        size, rim, loss = brush.width(group)
        for width, colour in ((rim, _RIM), (size, group.colour)):
            if not width:
                continue
            _use(painter, brush.line(width, strength * loss, colour))
            if isinstance(group, Lines):
                painter.drawLines([QLineF(x1, y1, x2, y2) for x1, y1, x2, y2 in group.ends.tolist()])
            else:
                painter.drawRects([QRectF(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in group.corners.tolist()])
    painter.restore()


def _use(painter: QPainter, pen_and_opacity: tuple[QPen, float]) -> None:
    pen, opacity = pen_and_opacity
    painter.setPen(pen)
    painter.setOpacity(opacity)
