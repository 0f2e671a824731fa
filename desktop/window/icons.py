"""Icons: our own small drawings (SVG), in the colours of the theme, sharp at the screen's ratio of pixels."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

import resources

SIZE = 20
_INK = "#000"  # the colour in the files that stands for the wanted one


@cache
def _drawing(name: str) -> str:
    return resources.path(f"icons/{name}.svg").read_text(encoding="utf-8")


def pixmap(name: str, colour: str, size: int = SIZE, ratio: float = 1.0) -> QPixmap:
    """The drawing `name` in one `colour`, `size` logical pixels wide and high; `ratio`: the screen's pixels in one."""
    drawing = _drawing(name).replace(f'"{_INK}"', f'"{colour}"')
    pixels = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    pixels.fill(Qt.GlobalColor.transparent)
    with QPainter(pixels) as painter:
        QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(pixels.rect()))
    pixels.setDevicePixelRatio(ratio)
    return pixels


def icon(name: str, colour: str, *, disabled: str = "", on: str = "", size: int = SIZE, ratio: float = 1.0) -> QIcon:
    """An icon; `on`: its colour while checked, `disabled`: while it cannot be used."""
    made = QIcon(pixmap(name, colour, size, ratio))
    if on:
        made.addPixmap(pixmap(name, on, size, ratio), QIcon.Mode.Normal, QIcon.State.On)
    if disabled:
        for state in (QIcon.State.Off, QIcon.State.On):
            made.addPixmap(pixmap(name, disabled, size, ratio), QIcon.Mode.Disabled, state)
    return made


def program_icon() -> QIcon:
    """The program's own icon, for title bars and task bars."""
    made = QIcon()
    for size in (16, 32, 64, 128, 256):
        made.addPixmap(pixmap("onlooker", _INK, size))
    return made
