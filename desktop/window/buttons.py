"""Buttons that the keyboard can press: the space key is theirs while they have the focus, a shortcut's otherwise."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QWidget

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def decision(cancel: QPushButton, go: QPushButton) -> QHBoxLayout:
    """The last row of a dialog: to the right, what ends it and what the enter key does."""
    go.setProperty("primary", True)
    go.setDefault(True)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(cancel)
    row.addWidget(go)
    return row


def takes_space(event: QEvent) -> bool:
    """Whether a focused button claims this key before the window's shortcuts do; it is accepted then."""
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
        return False
    if event.key() != Qt.Key.Key_Space or event.modifiers():
        return False
    event.accept()
    return True


class PushButton(QPushButton):
    """A button with words."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the shortcuts where they were

    def event(self, event: QEvent) -> bool:
        """Claim the space key."""
        return takes_space(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter presses it too."""
        if event.key() in _ENTER:
            self.click()
        else:
            super().keyPressEvent(event)


class ToolButton(QToolButton):
    """A button with a drawing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def event(self, event: QEvent) -> bool:
        """Claim the space key."""
        return takes_space(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter presses it too."""
        if event.key() in _ENTER:
            self.click()
        else:
            super().keyPressEvent(event)
