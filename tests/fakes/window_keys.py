"""Keys pressed in a window, by the text of a shortcut."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget


def press(widget: QWidget, keys: str) -> None:
    """Press the keys of a shortcut, as portable text."""
    QTest.keySequence(widget, QKeySequence(keys))
